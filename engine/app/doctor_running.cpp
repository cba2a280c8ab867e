// The running instance, asked at its admin listener (engine/app/admin_view.h has what it answers): is it ready, do
// events come, from whom, how late, who is turned away, what keeps outputs.
#include <fmt/format.h>

#include "engine/app/doctor.h"
#include "engine/base/text.h"
#include "engine/event/json_tree.h"
#include "engine/net/http_client.h"
#include "engine/net/text_file.h"

namespace kubevigil {
namespace {

constexpr Duration kRunningPatience = Duration::seconds(10);
constexpr size_t kAnswerBytes = 8u << 20;
constexpr size_t kLinesOfAKind = 20;
constexpr double kLateSeconds = 60, kSkewSeconds = -2;

Url address_of(const AdminConfig& admin) {
  const std::string& host = admin.listen.host;
  return {admin.tls.has_value(), host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host, admin.listen.port, "/"};
}

Result<std::unique_ptr<HttpClient>> client_of(const AdminConfig& admin, const Env& env) {
  HttpClientOptions options;
  options.url = address_of(admin);
  options.request_timeout = kRunningPatience;
  options.response_bytes = kAnswerBytes;
  if (admin.tls) {  // its own certificate is what we trust, under the first name that it has
    options.tls.authorities = admin.tls->certificate;
    const Result<std::string> pem = read_text_file(admin.tls->certificate);
    const auto certificate = pem ? first_certificate_in(*pem) : std::nullopt;
    for (const std::string& name : certificate ? certificate->alternative_names : std::vector<std::string>{}) {
      if (options.server_name.empty() && (name.starts_with("dns:") || name.starts_with("ip:"))) {
        options.server_name = name.substr(name.find(':') + 1);
      }
    }
  }
  return HttpClient::open(std::move(options), env);
}

// The values of one answer, by the names of admin_view.h.
class Answer {
 public:
  // The answer's tree borrows from `body`.
  Result<void> read(std::string body) {
    body_ = std::move(body);
    if (const auto parsed = tree_.parse(body_); !parsed) return fail("its answer is no JSON");
    return {};
  }
  uint32_t root() const { return tree_.root(); }
  std::string text(uint32_t object, std::string_view name) const {
    const uint32_t node = tree_.find(object, name);
    return node == JsonNode::kNone ? "" : std::string(tree_[node].value.text);
  }
  double number(uint32_t object, std::string_view name) const {
    const uint32_t node = tree_.find(object, name);
    return node == JsonNode::kNone ? 0 : tree_[node].value.number;
  }
  bool flag(uint32_t object, std::string_view name) const { return text(object, name) == "true"; }
  bool is_degraded() const {
    const uint32_t recovery = tree_.find(root(), "recovery");
    return recovery != JsonNode::kNone && flag(recovery, "degraded");
  }
  std::vector<uint32_t> list(std::string_view name) const {
    std::vector<uint32_t> nodes;
    const uint32_t array = tree_.find(root(), name);
    for (uint32_t node = tree_.child(array); node != JsonNode::kNone; node = tree_[node].next) nodes.push_back(node);
    return nodes;
  }

 private:
  std::string body_;
  JsonTree tree_;
};

class Running {
 public:
  Running(const Config& config, HttpClient& client, Findings& out, const Env& env)
      : config_(config), client_(client), out_(out), env_(env) {}

  void examine() {
    Answer status, sources;
    if (!ask("/api/v1/status", status)) return;
    if (status.text(status.root(), "version").empty()) {
      return out_.fail("running", "/api/v1/status has no version in it", "is it kubevigil's admin listener?");
    }
    instance(status);
    sinks(status);
    if (!ask("/api/v1/sources", sources)) return;
    senders(sources);
    strangers(sources);
    tails(sources);
    kafka(sources);
  }

 private:
  bool ask(const std::string& path, Answer& answer) {
    HttpRequest request;
    request.method = "GET";
    request.target = path;
    if (!config_.admin.token_file.empty()) {
      const auto tokens = read_text_file(config_.admin.token_file);
      const std::string token = tokens ? std::string(trim(split(trim(*tokens), '\n').front())) : "";
      request.headers.push_back({"Authorization", "Bearer " + token});
    }
    const auto response = client_.send(request);
    if (!response) {
      out_.fail("running", response.error().message, "start kubevigil serve with this configuration");
      return false;
    }
    if (response->status != 200) {
      out_.fail("running", fmt::format("{} was answered {}", path, response->status),
                "is it kubevigil's admin listener, with this configuration's token?");
      return false;
    }
    const auto read = answer.read(response->body);
    if (!read) out_.fail("running", path + ": " + read.error().message, "is it kubevigil's admin listener?");
    return read.has_value();
  }

  void instance(const Answer& status) {
    const uint32_t root = status.root();
    const std::string name = fmt::format("{} {}", status.text(root, "instance"), status.text(root, "version"));
    if (!config_.instance.empty() && status.text(root, "instance") != config_.instance) {
      out_.warn("running",
                fmt::format("{} answers at {}, and this configuration's instance is {}", name,
                            to_text(config_.admin.listen), config_.instance),
                "has another instance this port? What follows is about that one");
    }
    if (!status.flag(root, "ready")) {
      out_.warn("running", fmt::format("{} is not ready: {}", name, status.text(root, "why")), "wait, or read its log");
    } else {
      out_.ok("running", fmt::format("{} is ready, with {} rules", name, status.text(root, "rules")));
    }
    if (status.flag(root, "rules_behind")) {
      out_.warn("running", "it runs with older rules: the present ones do not load", "kubevigil rules check PATH");
    }
    if (status.is_degraded()) {
      out_.warn("running", "at its last start it could not bring back all of its state",
                "its log (component recovery) and its alerts of that time say what is missing and why");
    }
    if (!status.flag(root, "disk_reserve_held")) {
      out_.fail("running", "its disk is full: senders get 429", "make room in the data folder's disk");
    }
    clock(status);
  }

  // The instance may run on another machine, behind a port-forward.
  void clock(const Answer& status) {
    const auto its_time = parse_rfc3339(status.text(status.root(), "time"));
    if (!its_time) return;
    const double apart = static_cast<double>((*its_time - env_.now()).micros) / 1e6;
    if (apart > 5 || apart < -5) {
      out_.warn("clock", fmt::format("the instance's clock is {:.0f} s apart from the one here", apart),
                "see that NTP keeps both");
    }
  }

  void sinks(const Answer& status) {
    for (const uint32_t sink : status.list("sinks")) {
      if (!status.flag(sink, "failing")) continue;
      out_.warn("output", fmt::format("{}: {}", status.text(sink, "name"), status.text(sink, "last_error")),
                fmt::format("kubevigil sinks test {}", status.text(sink, "name")));
    }
  }

  void senders(const Answer& sources) {
    const std::vector<uint32_t> senders = sources.list("senders");
    if (senders.empty() && config_.inputs.webhook) {
      out_.warn("events", "no sender has posted events yet",
                "give the API servers --audit-webhook-config-file; doctor --kubeconfig tries that file");
    }
    size_t shown = 0;
    for (const uint32_t sender : senders) {
      if (++shown <= kLinesOfAKind) this->sender(sources, sender);
    }
    if (shown > kLinesOfAKind) out_.ok("events", fmt::format("and {} more senders", shown - kLinesOfAKind));
  }

  void sender(const Answer& sources, uint32_t sender) {
    const std::string who = fmt::format("{} of cluster {} ({})", sources.text(sender, "peer"),
                                        sources.text(sender, "cluster"), sources.text(sender, "credential"));
    const double latency = sources.number(sender, "latency_seconds");
    if (sources.flag(sender, "silent")) {
      out_.warn("events",
                fmt::format("{} is silent, its last batch came at {}", who, sources.text(sender, "last_batch")),
                "is its API server up? Its log says \"audit\" when it cannot post");
    } else if (sources.number(sender, "events") == 0 && sources.number(sender, "bodies") == 0) {
      out_.warn("events", who + " is known from before, and has posted nothing since the start",
                "run doctor again when it should have; doctor --kubeconfig tries its file");
    } else if (sources.number(sender, "events") == 0) {
      out_.warn("events", who + " posts, but no events",
                "doctor --kubeconfig posts empty lists; is it an API server, see --policy: more than level: None?");
    } else {
      out_.ok("events", fmt::format("{}: {} events, {:.1f} a second", who, sources.text(sender, "events"),
                                    sources.number(sender, "events_per_second")));
    }
    if (latency > kLateSeconds) {
      out_.warn("events", fmt::format("{}: events arrive {:.0f} s after they happened", who, latency),
                "--audit-webhook-batch-max-wait=2s, and compare the clocks");
    } else if (latency < kSkewSeconds) {
      out_.warn("clock", fmt::format("{}: its clock is {:.0f} s ahead of ours", who, -latency),
                "see that NTP keeps both");
    }
  }

  void strangers(const Answer& sources) {
    size_t shown = 0;
    for (const uint32_t stranger : sources.list("strangers")) {
      if (++shown > kLinesOfAKind) return;
      out_.warn("events",
                fmt::format("{} was refused {} times at {}", sources.text(stranger, "peer"),
                            sources.text(stranger, "refused"), sources.text(stranger, "path")),
                "if it should post, give inputs.webhook.credentials an entry that fits it and that cluster");
    }
  }

  void tails(const Answer& sources) {
    for (const uint32_t tail : sources.list("tails")) {
      const std::string path = sources.text(tail, "path"), problem = sources.text(tail, "problem");
      if (!problem.empty()) {
        out_.fail("events", fmt::format("{}: {}", path, problem),
                  "give the user that runs kubevigil the right to read it");
      } else if (sources.number(tail, "records") == 0) {
        out_.warn("events", path + ": no event read yet", "is it the live audit log?");
      } else {
        out_.ok("events", fmt::format("{}: {} events, {} bytes behind", path, sources.text(tail, "records"),
                                      sources.text(tail, "lag_bytes")));
      }
    }
  }

  void kafka(const Answer& sources) {
    for (const uint32_t input : sources.list("kafka")) {
      const std::string name = "kafka " + sources.text(input, "name"), problem = sources.text(input, "problem");
      if (sources.flag(input, "stands_by")) {
        out_.ok("events", fmt::format("{} stands by: {}", name, problem));
      } else if (!problem.empty()) {
        out_.fail("events", fmt::format("{}: {}", name, problem), kKafkaAdvice);
      } else if (sources.number(input, "records") == 0) {
        out_.warn("events", name + ": no event read yet", "does anybody write to these topics?");
      } else {
        out_.ok("events", fmt::format("{}: {} events, {} messages behind", name, sources.text(input, "records"),
                                      sources.text(input, "lag_messages")));
      }
    }
  }

  const Config& config_;
  HttpClient& client_;
  Findings& out_;
  const Env& env_;
};

}  // namespace

void examine_running(const Config& config, Findings& out, const Env& env) {
  auto client = client_of(config.admin, env);
  if (!client) return out.fail("running", client.error().message, "mend admin.tls");
  Running(config, **client, out, env).examine();
}

}  // namespace kubevigil
