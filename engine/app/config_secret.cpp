#include "engine/app/config_secret.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/text.h"
#include "engine/net/http_message.h"
#include "engine/net/url.h"

namespace kubevigil {
namespace {

// Headers that the client sets itself.
constexpr std::string_view kOwnHeaders[] = {"host", "content-length", "connection", "content-type",
                                            "transfer-encoding"};

// What names of secrets, or texts with one, have in them.
constexpr std::string_view kWords[] = {"bearer", "hmac",   "authorization", "token", "secret",
                                       "passw",  "cookie", "key",           "url",   "://"};

// So that the line under a message does not show it.
void blot_out_at(const SourceSpan& span, SourceTexts& sources) {
  const auto source = sources.find(span.file);
  if (source == sources.end() || span.line == 0 || span.column == 0) return;
  std::string& text = source->second;
  size_t at = 0;
  for (uint32_t line = 1; line < span.line && at != std::string::npos; ++line) {
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  if (at == std::string::npos) return;
  const size_t end = std::min(text.find_first_of("\r\n", at), text.size());
  for (size_t i = at + span.column - 1; i < end; ++i) text[i] = '*';
}

bool is_variable_name(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

class SecretReading {
 public:
  SecretReading(const std::string& path, ValueReader& reader) : path_(path), reader_(reader) {}

  // A mapping with one of file and env.
  void place(const YamlNode& node, std::string_view expected, SecretSource& to) {
    if (!node.is_map() || node.entries.size() != 1) return bad(node, expected);
    const YamlNode& key = node.entries.front().key;
    const YamlNode& value = node.entries.front().value;
    if (key.text == "file" && value.is_scalar() && !value.text.empty() && printable(value.text) == value.text) {
      to = {.file = (std::filesystem::path(reader_.folder) / value.text).lexically_normal().string()};
    } else if (key.text == "env" && value.is_scalar() && is_variable_name(value.text)) {
      to = {.env = value.text};
    } else {
      bad(key, expected);
    }
  }
  void bad(const YamlNode& where, std::string_view expected, std::string hint = {}) {
    report(where, fmt::format("expected {}", expected), std::move(hint));
  }
  void report(const YamlNode& where, std::string_view message, std::string hint = {}) {
    reader_.diagnostics.error("bad-value", fmt::format("{}: {}", path_, message), where.span, std::move(hint));
  }

 private:
  const std::string& path_;
  ValueReader& reader_;
};

void read_url(const YamlNode& node, SecretReading& reading, SourceTexts& sources, SecretSource& to) {
  if (const Result<Url> url = parse_url(node.text)) {
    to = {.text = Secret(node.text)};
  } else {
    blot_out_at(node.span, sources);
    reading.report(node, url.error().message);
  }
}

// Scheme and server of an address; a path may be secret, as that of Slack's webhooks.
std::string shown(const Secret& text) {
  const Result<Url> url = parse_url(text.reveal());
  if (!url) return std::string(Secret::kShown);
  return yaml_word(fmt::format("{}://{}/{}", url->tls ? "https" : "http", url->authority(),
                               url->target == "/" ? "" : Secret::kShown));
}

}  // namespace

void blot_out(const YamlNode& node, SourceTexts& sources) {
  if (node.is_scalar()) blot_out_at(node.span, sources);
  for (const YamlNode& item : node.items) blot_out(item, sources);
  for (const YamlEntry& entry : node.entries) blot_out(entry.value, sources);
}

void read_secret_source(ConfigKind kind, const YamlNode& node, const std::string& path, ValueReader& reader,
                        SecretSource& to) {
  SecretReading reading(path, reader);
  if (!node.is_map() && !node.is_scalar()) blot_out(node, reader.sources);
  if (!node.is_scalar()) return reading.place(node, expectation(kind), to);
  if (kind == ConfigKind::Url) return read_url(node, reading, reader.sources, to);
  blot_out_at(node.span, reader.sources);
  reading.bad(node, expectation(kind), "a secret does not stand in the configuration itself");
}

void read_header_sources(const YamlNode& node, const std::string& path, ValueReader& reader, HeaderSources& to) {
  if (!node.is_map()) {
    blot_out_at(node.span, reader.sources);
    return SecretReading(path, reader).bad(node, expectation(ConfigKind::Headers));
  }
  HeaderSources headers;
  for (const YamlEntry& entry : node.entries) {
    const std::string& name = entry.key.text;
    const std::string where = fmt::format("{}.{}", path, name);
    SecretReading reading(where, reader);
    SecretSource value;
    if (entry.value.is_scalar()) {
      blot_out_at(entry.value.span, reader.sources);
      value.text = Secret(entry.value.text);
    } else {
      reading.place(entry.value, "a text, {file: PATH} or {env: NAME}", value);
    }
    if (!is_sendable({name, value.text.reveal()})) {
      reading.report(entry.key,
                     "is no header that can be sent: a name of letters, digits and '-', a value in one line");
    } else if (std::ranges::find(kOwnHeaders, folded(name)) != std::end(kOwnHeaders)) {
      reading.report(entry.key, "is set by the program itself");
    } else {
      headers.emplace_back(name, std::move(value));
    }
  }
  to = std::move(headers);
}

void blot_out_suspect(const YamlEntry& entry, SourceTexts& sources) {
  const std::string name = folded(entry.key.text);
  const auto in_name = [&](std::string_view word) { return name.find(word) != std::string::npos; };
  if (std::ranges::any_of(kWords, in_name)) blot_out(entry.value, sources);
}

void blot_out_suspects(std::string& text) {
  const std::string lower = folded(text);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(lower).substr(begin, end - begin);
    for (const std::string_view word : kWords) {
      const size_t at = line.find(word);
      if (at == std::string_view::npos) continue;
      for (size_t i = begin + at + word.size(); i < end; ++i)
        text[i] = text[i] == ' ' || text[i] == ':' ? text[i] : '*';
    }
    begin = end + 1;
  }
}

void blot_out_urls(std::string& text) {
  constexpr std::string_view kMark = "://", kBlanks = " \t\r\n";
  const auto is_letter = [](char c) { return fold(c) >= 'a' && fold(c) <= 'z'; };
  for (size_t mark = text.find(kMark); mark != std::string::npos; mark = text.find(kMark, mark + 1)) {
    size_t scheme = mark;
    while (scheme > 0 && is_letter(text[scheme - 1])) --scheme;
    const char before = scheme > 0 ? text[scheme - 1] : ' ';
    const size_t begin = mark + kMark.size();
    const bool is_quoted = before == '"' || before == '\'';
    const size_t end = std::min(is_quoted ? text.find(before, begin) : text.find_first_of(kBlanks, begin), text.size());
    const size_t login = std::string_view(text).substr(begin, end - begin).rfind('@');
    const size_t host = login == std::string_view::npos ? begin : begin + login;
    const size_t path = std::min(text.find_first_of("/?#", host), end);
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(host), '*');
    if (path == end) continue;
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(path) + 1, text.begin() + static_cast<std::ptrdiff_t>(end),
              '*');
  }
}

std::string secret_source_text(const SecretSource& source) {
  if (!source.file.empty()) return fmt::format("{{file: {}}}", yaml_word(source.file));
  if (!source.env.empty()) return fmt::format("{{env: {}}}", yaml_word(source.env));
  return source.text.empty() ? "" : shown(source.text);
}

std::string header_sources_text(const HeaderSources& headers) {
  std::string out;
  for (const auto& [name, source] : headers) {
    const std::string value = source.text.empty() ? secret_source_text(source) : std::string(Secret::kShown);
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", yaml_word(name), value.empty() ? "\"\"" : value);
  }
  return fmt::format("{{{}}}", out);
}

}  // namespace kubevigil
