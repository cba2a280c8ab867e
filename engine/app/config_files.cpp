// The second half of config_check.h: the configuration against the machine.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/app/admin_access.h"
#include "engine/app/config_check.h"
#include "engine/app/config_value.h"
#include "engine/app/redact_option.h"
#include "engine/app/rule_selection.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

// Why a folder that may not be there yet cannot be written to; "" when it can.
std::string why_not_writable(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  if (!fs::is_directory(folder, error)) return fmt::format("{} is no folder", folder.string());
  if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return fmt::format("{} cannot be written to: {}", folder.string(), strerror(errno));
}

std::string why_not_readable(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return fmt::format("{} is a folder, expected a file", path);
  return faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0
             ? ""
             : fmt::format("{} cannot be read: {}", path, strerror(errno));
}

}  // namespace

std::string why_no_output_file(const std::string& path) {
  std::error_code error;
  const fs::file_status is = fs::symlink_status(path, error);
  if (fs::is_symlink(is))
    return fmt::format("{} is a symbolic link, which is not followed: name the file itself", path);
  if (fs::is_directory(is)) return fmt::format("{} is a folder, expected a file", path);
  if (fs::exists(is) && !fs::is_regular_file(is)) {
    return fmt::format("{} is no file: for standard output there is transport: stdout", path);
  }
  if (fs::exists(is) && faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) != 0) {
    return fmt::format("{} cannot be read and written: {}", path, strerror(errno));
  }
  return why_not_writable(fs::path(path).parent_path());
}

namespace {

class FileCheck {
 public:
  FileCheck(LoadedConfig& loaded, const Env& env, FileProblems problems)
      : loaded_(loaded), env_(env), problems_(problems) {}

  void run() {
    section(config_keys(), &loaded_.config, "");
    if (loaded_.diagnostics.has_errors()) return;  // what follows would say the same in other words
    servers();
    clients();
    check_filter_rules(loaded_, env_);
    if (!loaded_.config.redact_key_file.empty()) {
      report("redact-key-file", make_redactor({"on", loaded_.config.redact_key_file}));
    }
  }

 private:
  void error(const std::string& path, std::string_view message, std::string hint = {}) {
    const std::string text = fmt::format("{}: {}", path, message);
    if (problems_ == FileProblems::OutputsOnlyWarn && path.starts_with("outputs[")) {
      loaded_.diagnostics.warning("file", text, loaded_.span_of(path), std::move(hint));
    } else {
      loaded_.diagnostics.error("file", text, loaded_.span_of(path), std::move(hint));
    }
  }
  template <typename T>
  void report(const std::string& path, const Result<T>& result) {
    if (!result) error(path, result.error().message);
  }

  void section(const ConfigSection& keys, void* object, const std::string& path) {
    for (const ConfigKey& key : keys.keys) {
      const std::string below = path.empty() ? std::string(key.name) : fmt::format("{}.{}", path, key.name);
      const ConfigMember member = key.member(object);
      if (const auto* to = std::get_if<SectionMember>(&member)) {
        if (void* there = to->get(to->object)) section(*key.section, there, below);
      } else if (const auto* list = std::get_if<SectionsMember>(&member)) {
        for (size_t i = 0; void* entry = list->at(list->object, i); ++i) {
          section(*key.section, entry, fmt::format("{}[{}]", below, i));
        }
      } else if (const auto* text = std::get_if<std::string*>(&member)) {
        if (!(*text)->empty()) file(key.kind, **text, below);
      } else if (const auto* secret = std::get_if<SecretSource*>(&member)) {
        if ((*secret)->given()) report(below, read_secret(**secret));
      } else if (const auto* headers = std::get_if<HeaderSources*>(&member)) {
        for (const auto& [name, source] : **headers) {
          if (source.given()) report(below, read_secret(source));
        }
      } else if (key.kind == ConfigKind::RulePaths) {
        for (const std::string& rules : *std::get<std::vector<std::string>*>(member)) rule_path(rules, below);
      }
    }
  }

  void file(ConfigKind kind, const std::string& file, const std::string& path) {
    std::string why, hint;
    if (kind == ConfigKind::File) why = why_not_readable(file);
    if (kind == ConfigKind::OutFile) why = why_no_output_file(file);
    if (kind == ConfigKind::Folder) {
      why = why_not_writable(file);
      hint = fmt::format("install -d -m 0700 -o USER {}", file);
    }
    if (!why.empty()) error(path, why, hint);
    std::error_code ignored;
    if (kind == ConfigKind::LogFile && !fs::exists(file, ignored)) {
      loaded_.diagnostics.warning("file", fmt::format("{}: {} is not there (yet)", path, file), loaded_.span_of(path));
    } else if (kind == ConfigKind::LogFile && !(why = why_not_readable(file)).empty()) {
      error(path, why);
    }
  }

  void rule_path(const std::string& pattern, const std::string& path) {
    Diagnostics unreadable;
    (void)find_rule_files({pattern}, unreadable);
    for (const Diagnostic& d : unreadable.entries()) error(path, fmt::format("{}: {}", d.span.file, d.message));
  }

  void servers() {
    const AdminConfig& admin = loaded_.config.admin;
    if (admin.tls) report("admin.tls", TlsSource::open(*admin.tls, TlsRole::Server, env_));
    if (!admin.token_file.empty()) report("admin.token-file", open_admin_tokens(admin.token_file));
    if (!loaded_.config.inputs.webhook) return;
    const WebhookConfig& webhook = *loaded_.config.inputs.webhook;
    for (size_t i = 0; i < webhook.listen.size(); ++i) {
      if (!webhook.listen[i].tls) continue;
      const TlsRole role =
          webhook.listen[i].tls->authorities.empty() ? TlsRole::Server : TlsRole::ServerAskingForCertificate;
      report(fmt::format("inputs.webhook.listen[{}].tls", i), TlsSource::open(*webhook.listen[i].tls, role, env_));
    }
    credentials(webhook.credentials);
  }

  // Each beside the good ones before it, so that all that are wrong are named, at their own places: two may hold the
  // same token.
  void credentials(const std::vector<CredentialSpec>& specs) {
    std::vector<CredentialSpec> good;
    for (size_t i = 0; i < specs.size(); ++i) {
      good.push_back(specs[i]);
      const auto opened = CredentialSource::open(good);
      if (opened) continue;
      good.pop_back();
      const char* key = specs[i].token_file.empty() ? "authorities" : "token-file";
      report(fmt::format("inputs.webhook.credentials[{}].{}", i, key), opened);
    }
  }

  void clients() {
    for (size_t i = 0; i < loaded_.config.outputs.size(); ++i) {
      const OutputConfig& output = loaded_.config.outputs[i];
      const std::string at = fmt::format("outputs[{}]", i);
      if (output.http && output.http->tls) {
        report(at + ".http.tls", TlsSource::open(*output.http->tls, TlsRole::Client, env_));
      }
      if (output.syslog && output.syslog->tls) {
        report(at + ".syslog.tls", TlsSource::open(*output.syslog->tls, TlsRole::Client, env_));
      }
    }
  }

  LoadedConfig& loaded_;
  const Env& env_;
  FileProblems problems_;
};

}  // namespace

void check_config_files(LoadedConfig& loaded, const Env& env, FileProblems problems) {
  if (!loaded.is_yaml) return;
  FileCheck(loaded, env, problems).run();
  loaded.diagnostics.sort();
}

}  // namespace kubevigil
