#include "engine/app/certificate_watch.h"

#include <algorithm>
#include <map>
#include <utility>

namespace kubevigil {

void CertificateWatch::add(std::string use, std::string name, std::shared_ptr<const TlsSource> tls) {
  watched_.push_back({std::move(use), std::move(name), std::move(tls)});
}

std::vector<CertificateEnd> CertificateWatch::ends(const SenderBook* senders) const {
  std::vector<CertificateEnd> out;
  for (const Watched& one : watched_) {
    const Timestamp ends = one.tls->current()->expires();
    if (ends != Timestamp::max()) out.push_back({one.use, one.name, "", ends});
  }
  if (senders == nullptr) return out;
  std::map<std::pair<std::string, std::string>, Timestamp> first;  // by cluster and credential
  for (const SenderFacts& sender : senders->senders()) {
    if (!sender.certificate_ends) continue;
    const auto known = first.try_emplace({sender.key.cluster, sender.key.credential}, *sender.certificate_ends).first;
    known->second = std::min(known->second, *sender.certificate_ends);
  }
  for (const auto& [name, ends] : first) out.push_back({"sender", name.second, name.first, ends});
  return out;
}

void CertificateWatch::review(const SenderBook* senders, SelfAlerts& self_alerts, Timestamp now) const {
  for (const CertificateEnd& one : ends(senders)) {
    const Timestamp shown = std::min(one.ends, now + Duration::days(36500));
    const SelfAlertEvent event{SelfAlertKind::CertificateExpiring, one.cluster, one.use + " " + one.name,
                               "valid until " + format_rfc3339(shown), now};
    if (one.ends - now < kWarning) {
      self_alerts.raise(event);
    } else {
      self_alerts.clear(event);
    }
  }
}

}  // namespace kubevigil
