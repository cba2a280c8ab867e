// Request: everything that one generated audit event says, before it is written as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil::bench {

struct ExtraValue {
  std::string_view key;
  std::string value;
};

struct Actor {
  std::string username, uid;
  std::vector<std::string> groups;
  std::vector<ExtraValue> extra;  // in order of keys, as Go writes maps
  std::string ip;
  std::string_view agent;
};

struct Request {
  Actor actor;
  std::string impersonated;  // username, or empty
  std::string_view verb, group, version, resource, subresource;
  std::string space, name, uid;   // of the object; empty where the event has none
  uint64_t resource_version = 0;  // 0: none
  std::string path;               // of a request that names no resource, else empty
  std::string query;              // with the question mark, or empty
  std::string_view decision = "allow";
  std::string reason;  // authorization.k8s.io/reason
  uint16_t code = 200;
  bool started = false;                         // stage ResponseStarted, else ResponseComplete
  std::string request_object, response_object;  // JSON; empty: not in the event
};

// Appends one line: the event of `request` as kube-apiserver writes it. Level follows from the bodies. Times are
// microseconds since 1970.
void append_event(std::string& out, const Request& request, std::string_view audit_id, int64_t received,
                  int64_t finished);

// "2026-01-05T00:00:00.000123Z" and the same without a fraction (bodies).
std::string micro_time(int64_t microseconds);
std::string second_time(int64_t microseconds);

}  // namespace kubevigil::bench
