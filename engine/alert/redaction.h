// Redaction: secrets in audit events must not leave through alerts, explanations, logs or bad-line files
// (design/rules.md 8). A secret is shown as `redacted(sha256:1a2b3c4d,17)`: the first 8 digits of a keyed SHA-256,
// and its length in bytes, so that equal secrets are still seen to be equal.
//
// What counts as secret:
//   by field   all of a Secret's body but its metadata, kind and type; data of config maps; tokens of TokenRequest and
//              TokenReview; env values (any `value` in a body); members named like passwords; the copy of the object
//              that kubectl keeps in the annotation last-applied-configuration
//   by shape   in any other text: Bearer and Basic credentials, JSON Web Tokens, private keys, user:password@ in URLs,
//              password-like members and flags (`--token=x`, `password: x`, `-p x` behind a password-like program)
// Pure functions of text and key; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"

namespace kubevigil {

class Redactor {
 public:
  explicit Redactor(bool enabled = true, HashKey key = {}) : enabled_(enabled), key_(key) {}

  // `redacted(sha256:8hex,len)`, or the text itself when redaction is off.
  std::string mark(std::string_view secret) const;
  // A value of the field `name` (canonical, or relative inside an array block) of an event about `resource`
  // ("secrets", "serviceaccounts/token").
  std::string value(std::string_view name, std::string_view resource, std::string_view value) const;
  // Free text: commands, messages, user agents, broken records.
  std::string text(std::string_view text) const;
  // A path with query: also query parameters by name, and `command=` parameters as one command line.
  std::string uri(std::string_view uri) const;

  bool enabled() const { return enabled_; }
  // With the same key.
  Redactor switched(bool on) const { return Redactor(on, key_); }

 private:
  bool enabled_;
  HashKey key_;
};

// True when every value of the field is secret, whatever it looks like.
bool is_secret_field(std::string_view name, std::string_view resource);
// True for "password", "DB_PASSWD", "x-api-key", "clientSecret", ...: what a member, flag or parameter may be called.
bool is_secret_name(std::string_view name);

}  // namespace kubevigil
