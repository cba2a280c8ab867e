// --redact and --redact-key-file: how secrets are shown. Without a key file the key is a public constant: whoever has
// an alert can then try whether a guessed secret gives its hash. With one, only who has the file.
#pragma once

#include <string>

#include "engine/alert/redaction.h"
#include "engine/base/result.h"

namespace CLI {
class App;
}

namespace kubevigil {

struct RedactFlags {
  std::string mode = "on", key_file;
};
void add_redact_options(CLI::App& command, RedactFlags& flags);

// The error names the file. The key is made of all bytes of the file; at least 16 are wanted.
Result<Redactor> make_redactor(const RedactFlags& flags);

}  // namespace kubevigil
