#include "engine/run/alert_order.h"

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

size_t bytes_of(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof(std::string) + text.size();
  return bytes;
}

}  // namespace

size_t memory_of(const Alert& a) {
  size_t bytes = sizeof(Alert) + 1024;  // the short strings, most of them inside the object
  for (const std::vector<std::string>* list :
       {&a.values, &a.actor.groups, &a.source.ips, &a.missing, &a.next_steps, &a.references}) {
    bytes += bytes_of(*list);
  }
  for (const AlertWhy& why : a.why) bytes += sizeof(why) + why.condition.size() + bytes_of(why.values);
  for (const AlertEvent& event : a.events) bytes += sizeof(event) + event.file.size() + event.audit_id.size();
  for (const AlertChainLink& l : a.chain.links) bytes += sizeof(l) + l.from.size() + l.to.size() + l.event.size();
  for (const AlertChainHit& h : a.chain.hits) bytes += sizeof(h) + h.rule.size() + h.by.size() + h.event.size();
  for (const auto& [name, value] : a.group) bytes += 64 + name.size() + value.size();
  return bytes + a.message.size() + a.request.uri.size() + a.permission.reason.size() + a.source.user_agent.size() +
         a.actor.username.size() + a.attack.size() * sizeof(AlertAttack);
}

void AlertOrder::open(uint64_t number, OpenAlert alert) {
  const size_t bytes = memory_of(alert.alert);
  bytes_ += bytes;
  held_.emplace(number, Held{std::move(alert), bytes, false});
  shrink();
}

OpenAlert* AlertOrder::find(uint64_t number) {
  const auto it = held_.find(number);
  return it == held_.end() ? nullptr : &it->second.open;
}

void AlertOrder::close(uint64_t number) {
  const auto it = held_.find(number);
  if (it == held_.end()) return;
  Held& held = it->second;
  held.closed = true;
  bytes_ -= held.bytes;
  held.bytes = memory_of(held.open.alert);  // samples and values have come since it opened
  bytes_ += held.bytes;
  shrink();
}

void AlertOrder::finish() {
  while (!held_.empty()) give_out_front();
}

void AlertOrder::give_out_closed() {
  while (!held_.empty() && held_.begin()->second.closed) give_out_front();
}

void AlertOrder::give_out_front() {
  const auto front = held_.begin();
  out_(front->second.open.alert);
  bytes_ -= front->second.bytes;
  held_.erase(front);
}

void AlertOrder::shrink() {
  give_out_closed();
  while (held_.size() > limits::kOpenAlerts || (bytes_ > kHeldBytes && held_.size() > 1)) {
    ++early_;
    give_out_front();
    give_out_closed();
  }
}

}  // namespace kubevigil
