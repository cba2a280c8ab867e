// CertificateWatch: when the certificates end by which `serve` is known, and by which others make themselves known to
// it: its listeners', the admin listener's, its outputs' client certificates, and those that senders of the webhook
// showed. For metrics, and for the self-alert certificate_expiring kWarning before the end: one that has ended stops
// events or alerts, and renewing it takes people days.
//
// add() before the first of the others; those by all threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/net/tls_context.h"
#include "engine/run/self_alerts.h"
#include "inputs/sender_book.h"

namespace kubevigil {

struct CertificateEnd {
  std::string use;      // "listener", "admin", "output", "sender"
  std::string name;     // its address; of an output its name, of a sender its credential
  std::string cluster;  // of a sender
  Timestamp ends;
};

class CertificateWatch {
 public:
  static constexpr Duration kWarning = Duration::days(14);

  void add(std::string use, std::string name, std::shared_ptr<const TlsSource> tls);
  // Those in use now. `senders`: null, or of several behind one credential the one that ends first.
  std::vector<CertificateEnd> ends(const SenderBook* senders) const;
  void review(const SenderBook* senders, SelfAlerts& self_alerts, Timestamp now) const;

 private:
  struct Watched {
    std::string use, name;
    std::shared_ptr<const TlsSource> tls;
  };
  std::vector<Watched> watched_;
};

}  // namespace kubevigil
