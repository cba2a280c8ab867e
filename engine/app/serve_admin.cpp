#include "engine/app/serve_admin.h"

#include "outputs/transport_registry.h"

namespace kubevigil {
namespace {

std::vector<ServeView::Output> outputs_of(const Config& config) {
  std::vector<ServeView::Output> out;
  for (const OutputConfig& output : config.outputs) {
    const auto transport = transports()[static_cast<size_t>(output.transport)].name;
    out.push_back({output.name, std::string(transport), output.encoding});
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<ServeAdmin>> ServeAdmin::start(const Config& config, Disk& disk, const Env& env, const Log& log,
                                                      const SelfAlerts& self_alerts) {
  std::unique_ptr<ServeAdmin> made(new ServeAdmin(env));
  made->name_ = to_text(config.admin.listen);
  AdminOptions options{.address = config.admin.listen.host, .port = config.admin.listen.port};
  if (!config.admin.token_file.empty()) {
    auto tokens = open_admin_tokens(config.admin.token_file);
    if (!tokens) return fail("admin.token-file: " + tokens.error().message);
    options.tokens = made->tokens_ = std::move(*tokens);
  }
  if (config.admin.tls) {
    auto tls = TlsSource::open(*config.admin.tls, TlsRole::Server, env);
    if (!tls) return fail("admin.tls: " + tls.error().message);
    options.tls = made->tls_ = std::move(*tls);
  }
  made->view_ = std::make_unique<ServeView>(made->metrics_, env, outputs_of(config));
  made->view_->change([&](ServeParts& parts, ServeFacts& facts) {
    parts.log = &log;
    parts.self_alerts = &self_alerts;
    parts.disk = &disk;
    facts.instance = config.instance;
    facts.data = config.data;
    facts.started = facts.rules_taken = env.now();
    if (config.inputs.webhook) facts.spool_budget = config.inputs.webhook->spool_budget;
    facts.state_budget = config.state.memory;
  });
  auto server = AdminServer::start(options, *made->view_, env);
  if (!server) return tl::unexpected(server.error());
  made->server_ = std::move(*server);
  made->view_->change([&](ServeParts& parts, ServeFacts&) { parts.admin = &made->server_->counters(); });
  return made;
}

ServeAdmin::~ServeAdmin() {
  if (server_) server_->shutdown();
  forget();
}

void ServeAdmin::add_triggers(ReloadTriggers& triggers) const {
  if (tls_) triggers.add("admin.tls", [tls = tls_] { return tls->reload(); });
  if (tokens_) triggers.add("admin.token-file", [tokens = tokens_] { return tokens->reload(); });
}

void ServeAdmin::add_certificates(CertificateWatch& watch) const {
  if (tls_) watch.add("admin", name_, tls_);
}

void ServeAdmin::follow(Journal& journal) {
  const auto observe = [this](double seconds) { metrics_.observe(Metric::EventToAlert, seconds); };
  recent_ = std::make_unique<RecentAlerts>(journal, env_, observe);
  recent_->start();
  view_->change([&](ServeParts& parts, ServeFacts&) { parts.recent = recent_.get(); });
}

void ServeAdmin::forget() {
  if (!view_) return;
  view_->change([](ServeParts& parts, ServeFacts&) {
    parts = {.log = parts.log, .self_alerts = parts.self_alerts, .admin = parts.admin, .disk = parts.disk};
  });
  recent_.reset();
}

}  // namespace kubevigil
