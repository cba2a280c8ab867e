// The loading half of credentials.h: specifications and files to a table.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/net/credentials.h"
#include "engine/net/text_file.h"

namespace kubevigil {
namespace {

constexpr size_t kShortestToken = 16;
constexpr size_t kLongestToken = 4096;
constexpr size_t kTokens = 1000;

tl::unexpected<Error> wrong(const CredentialSpec& spec, const std::string& what) {
  return fail(fmt::format("credential {}: {}", spec.name.empty() ? "without a name" : printable(spec.name), what));
}

Result<void> check(const CredentialSpec& spec) {
  if (spec.name.empty()) return wrong(spec, "give it a name, which logs and metrics will show");
  const int kinds = int{!spec.token_file.empty()} + int{!spec.common_name.empty()} +
                    int{!spec.alternative_name.empty()} + int{spec.anonymous};
  if (kinds != 1) return wrong(spec, "name one of: token file, common name, alternative name, anonymous");
  const bool is_certificate = !spec.common_name.empty() || !spec.alternative_name.empty();
  if (!spec.authorities_file.empty() && !is_certificate) return wrong(spec, "authorities go with a certificate only");
  if (const std::string& san = spec.alternative_name; !san.empty()) {
    const std::string_view prefixes[] = {"dns:", "uri:", "ip:", "email:"};
    if (std::none_of(std::begin(prefixes), std::end(prefixes), [&](auto prefix) { return san.starts_with(prefix); })) {
      return wrong(spec, "an alternative name begins with dns:, uri:, ip: or email:");
    }
  }
  if (spec.clusters.empty()) return wrong(spec, "name at least one cluster that it may post for");
  for (const std::string& cluster : spec.clusters) {
    if (!is_cluster_name(cluster)) {
      return wrong(spec, fmt::format("\"{}\" cannot be a cluster's name: letters, digits, '-', '_' and '.' only",
                                     printable(cluster)));
    }
  }
  return {};
}

// Visible ASCII, as a header can carry it. The message does not show the token.
Result<void> add_tokens(Credential& credential, const std::string& text) {
  const CredentialSpec& spec = credential.spec;
  const std::string file = printable(spec.token_file);
  size_t line_number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++line_number;
    const std::string_view token = trim(line);
    if (token.empty()) continue;
    if (!std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
      return wrong(spec, fmt::format("{}, line {}: a token is visible ASCII without spaces", file, line_number));
    }
    if (token.size() < kShortestToken || token.size() > kLongestToken) {
      return wrong(
          spec, fmt::format("{}, line {}: a token has {} to {} characters; make one with: openssl rand -hex 32", file,
                            line_number, kShortestToken, kLongestToken));
    }
    credential.token_hashes.push_back(token_hash(token));
  }
  if (credential.token_hashes.empty()) return wrong(spec, fmt::format("{}: holds no token", file));
  if (credential.token_hashes.size() > kTokens)
    return wrong(spec, fmt::format("{}: more than {} tokens", file, kTokens));
  return {};
}

Result<Credential> load(const CredentialSpec& spec, Sha256& contents) {
  if (auto fine = check(spec); !fine) return tl::unexpected(fine.error());
  Credential credential{spec, {}, {}};
  const std::string& path = spec.token_file.empty() ? spec.authorities_file : spec.token_file;
  if (path.empty()) return credential;
  const Result<std::string> text = read_text_file(path);
  if (!text) return wrong(spec, text.error().message);
  contents.update(fmt::format("{}:", text->size()));
  contents.update(*text);
  if (!spec.token_file.empty()) {
    if (auto added = add_tokens(credential, *text); !added) return tl::unexpected(added.error());
  } else {
    credential.authorities = fingerprints_in(*text);
    if (credential.authorities.empty()) {
      return wrong(spec, fmt::format("{}: holds no certificate in PEM form", printable(path)));
    }
  }
  return credential;
}

// One token in two credentials would make the sender of a batch depend on their order.
Result<void> check_unique(const CredentialTable& table) {
  for (size_t i = 0; i < table.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (table[i].spec.name == table[j].spec.name) return wrong(table[i].spec, "another one has the same name");
      for (const auto& hash : table[i].token_hashes) {
        const auto& others = table[j].token_hashes;
        if (std::find(others.begin(), others.end(), hash) != others.end()) {
          return wrong(table[i].spec, fmt::format("holds a token of {} too", printable(table[j].spec.name)));
        }
      }
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<CredentialSource>> CredentialSource::open(std::vector<CredentialSpec> specs) {
  std::shared_ptr<CredentialSource> source(new CredentialSource(std::move(specs)));
  if (auto loaded = source->reload(); !loaded) return tl::unexpected(loaded.error());
  return source;
}

Result<Reloadable<CredentialTable>::Made> CredentialSource::read() const {
  auto table = std::make_shared<CredentialTable>();
  Sha256 contents;
  for (const CredentialSpec& spec : specs_) {
    auto credential = load(spec, contents);
    if (!credential) return tl::unexpected(credential.error());
    table->push_back(std::move(*credential));
  }
  if (auto unique = check_unique(*table); !unique) return tl::unexpected(unique.error());
  return Reloadable<CredentialTable>::Made{contents.hex(), std::move(table)};
}

Result<bool> CredentialSource::reload() {
  return table_.reload([this](const std::string&) { return read(); });
}

}  // namespace kubevigil
