// The admin listener of `serve` with all that stands behind it: metrics, view, recent alerts, server. It is the first
// part to start, so that /livez and /readyz answer during recovery, and the last to end.
#pragma once

#include <memory>

#include "engine/app/admin_server.h"
#include "engine/app/certificate_watch.h"
#include "engine/app/config.h"
#include "engine/app/reload_loop.h"
#include "engine/app/serve_view.h"
#include "engine/base/metrics.h"

namespace kubevigil {

class ServeAdmin {
 public:
  // All outlive it. Errors: a file of a certificate or token, an address that cannot be listened on, no token off
  // loopback.
  static Result<std::unique_ptr<ServeAdmin>> start(const Config& config, Disk& disk, const Env& env, const Log& log,
                                                   const SelfAlerts& self_alerts);
  ~ServeAdmin();

  ServeView& view() { return *view_; }
  Metrics& metrics() { return metrics_; }
  const AdminServer& server() const { return *server_; }
  void add_triggers(ReloadTriggers& triggers) const;
  void add_certificates(CertificateWatch& watch) const;

  // The alerts of the journal from now on; before the journal goes, call forget().
  void follow(Journal& journal);
  // Every part but those of the constructor is taken out of the view.
  void forget();

 private:
  explicit ServeAdmin(const Env& env) : env_(env) {}

  const Env& env_;
  std::string name_;  // its address
  Metrics metrics_;
  std::unique_ptr<ServeView> view_;
  std::unique_ptr<RecentAlerts> recent_;
  std::shared_ptr<TlsSource> tls_;
  std::shared_ptr<CredentialSource> tokens_;
  std::unique_ptr<AdminServer> server_;  // last: its threads use what is above
};

}  // namespace kubevigil
