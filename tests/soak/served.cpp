#include "tests/soak/served.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "engine/base/text.h"
#include "engine/net/http_client.h"

namespace kubevigil::test {
namespace {

constexpr size_t kTailLines = 15;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<HttpResponse> get(HttpClientOptions options) {
  options.connect_timeout = options.request_timeout = Duration::seconds(10);
  options.response_bytes = 8u << 20;
  auto client = HttpClient::open(options, system_env());
  if (!client) return tl::unexpected(client.error());
  return (*client)->send({.method = "GET"});
}

}  // namespace

MetricPage::MetricPage(std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    const size_t blank = line.rfind(' ');
    if (line.empty() || line.front() == '#' || blank == std::string_view::npos) continue;
    series_.emplace(line.substr(0, blank), std::strtod(std::string(line.substr(blank + 1)).c_str(), nullptr));
  }
}

double MetricPage::sum(std::string_view name, std::string_view label) const {
  double sum = 0;
  for (auto at = series_.lower_bound(name); at != series_.end() && at->first.starts_with(name); ++at) {
    const std::string_view rest = std::string_view(at->first).substr(name.size());
    if ((rest.empty() || rest.front() == '{') && rest.find(label) != std::string_view::npos) sum += at->second;
  }
  return sum;
}

void Served::launch() {
  ++lives_;
  process_ =
      std::make_unique<Daemon>(std::vector<std::string>{program_, "serve", "-c", folder_.config()}, log_path(lives_));
}

std::optional<Duration> Served::start() {
  const Duration began = system_env().monotonic();
  launch();
  if (!becomes([this] { return ready() || ended(); }) || ended()) return std::nullopt;
  return system_env().monotonic() - began;
}

bool Served::ready() {
  const auto answer =
      get({.url = {.tls = false, .host = "127.0.0.1", .port = folder_.admin_port(), .target = "/readyz"}});
  return answer && answer->status == 200;
}

std::optional<MetricPage> Served::metrics() {
  const auto answer =
      get({.url = {.tls = false, .host = "127.0.0.1", .port = folder_.admin_port(), .target = "/metrics"}});
  if (!answer || answer->status != 200) return std::nullopt;
  return MetricPage(answer->body);
}

uint64_t Served::memory_bytes() const {
  std::ifstream status(fmt::format("/proc/{}/status", process_->id()));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10) << 10;
  }
  return 0;
}

size_t Served::descriptors() const {
  std::error_code gone;
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", process_->id()), gone)) {
    count += !entry.path().empty();
  }
  return count;
}

// GET is no way to post, so the answer is 405; but the handshake was good.
bool Served::shows_certificate_of(const std::string& authority) const {
  HttpClientOptions options;
  options.url = {.tls = true, .host = "127.0.0.1", .port = folder_.webhook_port(), .target = "/k8s-audit"};
  options.tls.authorities = authority;
  return get(options).has_value();
}

std::string Served::log_tail() const {
  const std::string text = read_file(log_path(lives_));
  size_t from = text.size();
  for (size_t lines = 0; from > 0 && lines <= kTailLines; --from) lines += text[from - 1] == '\n';
  return text.substr(from);
}

size_t Served::errors_logged() const {
  size_t errors = 0;
  for (int life = 1; life <= lives_; ++life) {
    std::ifstream in(log_path(life));
    for (std::string line; std::getline(in, line);) errors += line.find("\"level\":\"error\"") != std::string::npos;
  }
  return errors;
}

}  // namespace kubevigil::test
