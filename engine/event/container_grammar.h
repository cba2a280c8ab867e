// Containers: the documents that hold records in a list, and where that list stands. The splitter cuts each element
// out as it streams by, so that a container may be of any size.
//
// clang-format off
//   EventList, Vector    {"items":[event, ..]}
//   CloudEvents          {"data":{"items":[event, ..]}}
//   Azure, Firehose      {"records":[record, ..]}
//   Lambda on Kinesis    {"Records":[record, ..]}
//   CloudWatch           {"logEvents":[message, ..]}, {"events":[message, ..]}
//   Pub/Sub pull         {"receivedMessages":[message, ..]}
//   OTLP/JSON            {"resourceLogs":[{"scopeLogs":[{"logRecords":[record, ..]}]}]}
//   Loki                 {"streams":[{"values":[[time, line], ..]}]}, {"data":{"result":[stream, ..]}}
// clang-format on
//
// An object that has an auditID in front of the list is an event, not a container.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kubevigil {

// What the elements of a list are. Records may be containers themselves.
enum class ListOf : uint8_t { Records, OtlpResources, OtlpScopes, LokiStreams, LokiPairs };

struct ListMember {
  ListOf inside;  // what the object with this member is an element of; Records for one on its own
  bool in_data;   // the list is a member of the object's member `data`
  std::string_view key;
  ListOf holds;
};

inline constexpr std::array<ListMember, 13> kListMembers = {{
    {ListOf::Records, false, "items", ListOf::Records},
    {ListOf::Records, false, "records", ListOf::Records},
    {ListOf::Records, false, "logEvents", ListOf::Records},
    {ListOf::Records, false, "events", ListOf::Records},
    {ListOf::Records, false, "Records", ListOf::Records},
    {ListOf::Records, false, "receivedMessages", ListOf::Records},
    {ListOf::Records, true, "items", ListOf::Records},
    {ListOf::Records, false, "resourceLogs", ListOf::OtlpResources},
    {ListOf::OtlpResources, false, "scopeLogs", ListOf::OtlpScopes},
    {ListOf::OtlpScopes, false, "logRecords", ListOf::Records},
    {ListOf::Records, false, "streams", ListOf::LokiStreams},
    {ListOf::Records, true, "result", ListOf::LokiStreams},
    {ListOf::LokiStreams, false, "values", ListOf::LokiPairs},
}};

constexpr const ListMember* find_list_member(ListOf inside, bool in_data, std::string_view key) {
  for (const ListMember& m : kListMembers) {
    if (m.inside == inside && m.in_data == in_data && m.key == key) return &m;
  }
  return nullptr;
}

}  // namespace kubevigil
