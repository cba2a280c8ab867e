#include "engine/alert/redaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

bool one_of(std::string_view text, std::span<const std::string_view> set) {
  return std::find(set.begin(), set.end(), text) != set.end();
}

// Segments of a canonical field name; `\.` stays inside a segment, an index leaves it.
std::vector<std::string> segments(std::string_view name) {
  std::vector<std::string> out;
  out.reserve(4);  // most names have fewer
  out.emplace_back();
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) {
      out.back() += name[++i];
    } else if (name[i] == '.') {
      out.emplace_back();
    } else if (name[i] == '[') {
      i = std::min(name.find(']', i), name.size());
    } else {
      out.back() += name[i];
    }
  }
  return out;
}

constexpr std::array<std::string_view, 3> kBodies = {"requestObject", "responseObject", "."};
constexpr std::array<std::string_view, 3> kDataMembers = {"data", "stringData", "binaryData"};
constexpr std::array<std::string_view, 4> kPlainOfSecret = {"kind", "apiVersion", "type", "immutable"};
constexpr std::array<std::string_view, 10> kPlainMetadata = {"name",
                                                             "namespace",
                                                             "labels",
                                                             "uid",
                                                             "resourceVersion",
                                                             "generation",
                                                             "generateName",
                                                             "creationTimestamp",
                                                             "finalizers",
                                                             "ownerReferences"};

// May this member of a Secret be shown? Only names and bookkeeping.
bool plain_in_secret(const std::vector<std::string>& path) {
  for (size_t i = 1; i < path.size(); ++i) {
    if (path[i] == "items") continue;
    if (one_of(path[i], kPlainOfSecret)) return true;
    return path[i] == "metadata" && i + 1 < path.size() && one_of(path[i + 1], kPlainMetadata);
  }
  return false;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (fold(c) >= 'a' && fold(c) <= 'f') return fold(c) - 'a' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

// `-p`, `--password`, `-pass`: the next word of the command line is the secret.
bool takes_secret(std::string_view word) {
  if (!word.starts_with('-') || word.find('=') != std::string_view::npos) return false;
  return word == "-p" || is_secret_name(word);
}

}  // namespace

bool is_secret_name(std::string_view name) {
  constexpr std::array<std::string_view, 13> kEndings = {
      "password",  "passwd",    "passphrase", "pwd",        "secret",      "token",        "apikey",
      "accesskey", "secretkey", "privatekey", "credential", "credentials", "authorization"};
  constexpr size_t kLongest = std::string_view("authorization").size();
  std::array<char, kLongest> plain{};  // the last characters of the name without its punctuation
  size_t begin = kLongest;
  for (size_t i = name.size(); i > 0 && begin > 0; --i) {
    const char c = name[i - 1];
    if (c != '_' && c != '-' && c != '.') plain[--begin] = fold(c);
  }
  const std::string_view end(plain.data() + begin, kLongest - begin);
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view e) { return end.ends_with(e); });
}

bool is_secret_field(std::string_view name, std::string_view resource) {
  const std::vector<std::string> path = segments(name);
  const bool in_body = path.size() > 1 && one_of(path.front(), kBodies);
  const bool of_secret = resource == "secrets" || resource.starts_with("secrets/");
  if (in_body && of_secret && !plain_in_secret(path)) return true;
  if (name == "keywords" || name.empty() || name == ".") {
    return of_secret || resource == "configmaps" || resource == "serviceaccounts/token" || resource == "tokenreviews";
  }
  if (name.find("last-applied-configuration") != std::string_view::npos) return true;
  const bool envelope = !in_body && (path.front() == "user" || path.front() == "objectRef" ||
                                     path.front() == "annotations" || path.front() == "resource");
  if (envelope) return false;
  if (in_body && std::any_of(path.begin(), path.end(), [](const std::string& s) { return one_of(s, kDataMembers); })) {
    return true;
  }
  const bool from_table = path.size() == 1 && path.front() != "value" && !is_secret_name(path.front());
  return !from_table && (path.back() == "value" || is_secret_name(path.back()));
}

std::string Redactor::mark(std::string_view secret) const {
  if (!enabled_) return std::string(secret);
  const std::string keyed = fmt::format("{:016x}{:016x}{}", key_.k0, key_.k1, secret);
  return fmt::format("redacted(sha256:{},{})", sha256_hex(keyed).substr(0, 8), secret.size());
}

std::string Redactor::value(std::string_view name, std::string_view resource, std::string_view value) const {
  if (!enabled_) return std::string(value);
  if (is_secret_field(name, resource)) return mark(value);
  if (name == "requestURI" || name.starts_with("uri.")) return uri(value);
  const bool identity = name.starts_with("user.") || name.starts_with("impersonatedUser.") ||
                        name.starts_with("effectiveUser.") || name.starts_with("objectRef.");
  return identity ? std::string(value) : text(value);
}

std::string Redactor::uri(std::string_view uri) const {
  const size_t question = uri.find('?');
  if (!enabled_ || question == std::string_view::npos) return text(uri);
  std::string out = text(uri.substr(0, question));
  char separator = '?';
  bool next_is_secret = false;
  for (const std::string_view parameter : split(uri.substr(question + 1), '&')) {
    const size_t equals = parameter.find('=');
    const std::string name = percent_decoded(parameter.substr(0, equals));
    const std::string value = equals == std::string_view::npos ? "" : percent_decoded(parameter.substr(equals + 1));
    out += separator;
    separator = '&';
    const bool secret = next_is_secret || (is_secret_name(name) && name != "continue");
    const std::string shown = value.empty() ? value : secret ? mark(value) : text(value);
    out += shown == value ? std::string(parameter) : std::string(parameter.substr(0, equals + 1)) + shown;
    next_is_secret = name == "command" && !next_is_secret && takes_secret(value);
  }
  return out;
}

}  // namespace kubevigil
