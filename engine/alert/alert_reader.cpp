#include "engine/alert/alert_reader.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "engine/event/json_tree.h"

namespace kubevigil {
namespace {

// One object of the tree; the first thing that is wrong is kept.
class Members {
 public:
  Members(const JsonTree& tree, uint32_t object, std::string& problem)
      : tree_(tree), object_(object), problem_(problem) {}

  Members inside(std::string_view name) const {
    const uint32_t node = tree_.find(object_, name);
    if (node != JsonNode::kNone && tree_[node].value.type != ValueType::Object) wrong(name, "an object");
    return {tree_, node, problem_};
  }

  void text(std::string_view name, std::string& out) const {
    if (const uint32_t node = typed(name, ValueType::String, "a string"); node != JsonNode::kNone) {
      out = tree_[node].value.text;
    }
  }

  void time(std::string_view name, Timestamp& out) const {
    std::string shown;
    text(name, shown);
    if (shown.empty()) return;
    const auto parsed = parse_rfc3339(shown);
    if (!parsed) return wrong(name, "a time");
    out = *parsed;
  }

  template <typename Number>
  void number(std::string_view name, Number& out) const {
    const uint32_t node = tree_.find(object_, name);
    if (node == JsonNode::kNone) return;
    const std::string_view spelled = tree_[node].value.text;
    const auto [end, error] = std::from_chars(spelled.data(), spelled.data() + spelled.size(), out);
    const bool whole = error == std::errc() && end == spelled.data() + spelled.size();
    if (!tree_[node].value.is_number() || !whole) wrong(name, "a number in range");
  }

  void flag(std::string_view name, bool& out) const {
    if (const uint32_t node = typed(name, ValueType::Bool, "true or false"); node != JsonNode::kNone) {
      out = tree_[node].value.text == "true";
    }
  }

  // Calls `each` with every element of the array.
  template <typename Each>
  void list(std::string_view name, Each each) const {
    const uint32_t node = typed(name, ValueType::Array, "an array");
    for (uint32_t item = tree_.child(node); item != JsonNode::kNone; item = tree_[item].next) each(item);
  }

  void texts(std::string_view name, std::vector<std::string>& out) const {
    list(name, [&](uint32_t item) {
      if (tree_[item].value.type != ValueType::String) wrong(name, "an array of strings");
      out.emplace_back(tree_[item].value.text);
    });
  }

  // Calls `each` with the members of every element of the array.
  template <typename Each>
  void objects(std::string_view name, Each each) const {
    list(name, [&](uint32_t item) {
      if (tree_[item].value.type != ValueType::Object) return wrong(name, "an array of objects");
      each(Members(tree_, item, problem_));
    });
  }

  void wrong(std::string_view name, std::string_view expected) const {
    if (problem_.empty()) problem_ = fmt::format("\"{}\" is not {}", name, expected);
  }

 private:
  uint32_t typed(std::string_view name, ValueType type, std::string_view expected) const {
    const uint32_t node = tree_.find(object_, name);
    if (node == JsonNode::kNone || tree_[node].value.type == type) return node;
    wrong(name, expected);
    return JsonNode::kNone;
  }

  const JsonTree& tree_;
  uint32_t object_;
  std::string& problem_;
};

void read_kind(const Members& in, Alert& a) {
  std::string schema, status, level, stage;
  in.text("schema", schema);
  in.text("status", status);
  in.text("level", level);
  in.text("stage", stage);
  if (schema != "kubevigil.alert/v1") in.wrong("schema", "kubevigil.alert/v1");
  bool known = false;
  for (const EpisodeStatus one :
       {EpisodeStatus::Open, EpisodeStatus::Update, EpisodeStatus::Closed, EpisodeStatus::Retracted}) {
    if (to_text(one) != status) continue;
    a.status = one;
    known = true;
  }
  if (!known) in.wrong("status", "one of open, update, closed, retracted");
  if (const auto parsed = parse_level(level)) {
    a.level = *parsed;
  } else {
    in.wrong("level", "a level");
  }
  if (stage.empty()) return;
  if (const auto parsed = parse_stage(stage)) {
    a.stage = *parsed;
  } else {
    in.wrong("stage", "a stage");
  }
}

void read_episode(const Members& in, Alert& a) {
  in.text("id", a.id);
  in.text("dedup_key", a.dedup_key);
  in.number("revision", a.revision);
  in.time("time", a.time);
  in.time("first_seen", a.first_seen);
  in.time("last_seen", a.last_seen);
  in.number("count", a.count);
  in.number("measure", a.measure);
  double seconds = -1;
  in.number("duration_seconds", seconds);
  if (seconds >= 0) a.duration_seconds = seconds;
  Timestamp since = Timestamp::min();
  in.time("state_since", since);
  if (since != Timestamp::min()) a.state_since = since;
  in.number("risk", a.risk);
  in.text("message", a.message);
  in.text("cluster", a.cluster);
  in.text("envelope", a.envelope);
  const Members rule = in.inside("rule");
  rule.text("id", a.rule_id);
  rule.text("name", a.rule_name);
  rule.text("title", a.rule_title);
  rule.text("hash", a.rule_hash);
}

void read_lists(const Members& in, Alert& a) {
  in.objects("attack", [&](const Members& m) {
    AlertAttack& attack = a.attack.emplace_back();
    m.text("tactic_id", attack.tactic_id);
    m.text("tactic", attack.tactic);
    m.text("technique_id", attack.technique_id);
    m.text("technique", attack.technique);
  });
  in.objects("group", [&](const Members& m) {
    auto& [name, value] = a.group.emplace_back();
    m.text("name", name);
    m.text("value", value);
  });
  in.texts("values", a.values);
  in.objects("why", [&](const Members& m) {
    AlertWhy& why = a.why.emplace_back();
    m.text("condition", why.condition);
    m.text("field", why.field);
    m.texts("values", why.values);
  });
  in.objects("events", [&](const Members& m) {
    AlertEvent& event = a.events.emplace_back();
    m.text("audit_id", event.audit_id);
    m.text("file", event.file);
    m.time("time", event.time);
    m.number("offset", event.offset);
    m.number("line", event.line);
  });
  in.texts("missing", a.missing);
  in.texts("next_steps", a.next_steps);
  in.texts("references", a.references);
}

void read_hit(const Members& in, AlertChainHit& hit) {
  std::string level, stage;
  in.text("rule", hit.rule);
  in.text("level", level);
  in.text("stage", stage);
  in.text("by", hit.by);
  in.time("time", hit.time);
  in.text("event", hit.event);
  hit.level = parse_level(level).value_or(Level::Informational);
  hit.stage = parse_stage(stage).value_or(Stage::None);
}

void read_chain(const Members& in, AlertChain& chain) {
  in.text("root", chain.root);
  in.texts("stages", chain.stages);
  in.objects("links", [&](const Members& m) {
    AlertChainLink& link = chain.links.emplace_back();
    m.text("link", link.link);
    m.text("from", link.from);
    m.text("to", link.to);
    m.time("time", link.time);
    m.text("event", link.event);
  });
  in.objects("hits", [&](const Members& m) { read_hit(m, chain.hits.emplace_back()); });
}

void read_actor(const Members& in, AlertActor& actor) {
  in.text("username", actor.username);
  in.text("uid", actor.uid);
  in.text("impersonated_by", actor.impersonated_by);
  in.texts("groups", actor.groups);
  in.text("service_account_namespace", actor.service_account_namespace);
  in.text("service_account_name", actor.service_account_name);
  in.text("pod", actor.pod);
  in.text("pod_uid", actor.pod_uid);
  in.text("node", actor.node);
  in.text("credential_id", actor.credential_id);
}

void read_where(const Members& in, Alert& a) {
  const Members permission = in.inside("permission"), source = in.inside("source");
  permission.text("decision", a.permission.decision);
  permission.text("reason", a.permission.reason);
  permission.text("binding", a.permission.binding);
  permission.text("role", a.permission.role);
  source.texts("ips", a.source.ips);
  source.text("peer_ip", a.source.peer_ip);
  source.text("user_agent", a.source.user_agent);
  const Members target = in.inside("target"), request = in.inside("request");
  target.text("api_group", a.target.api_group);
  target.text("resource", a.target.resource);
  target.text("subresource", a.target.subresource);
  target.text("namespace", a.target.ns);
  target.text("name", a.target.name);
  target.text("uid", a.target.uid);
  request.text("verb", a.request.verb);
  request.text("uri", a.request.uri);
  request.text("audit_id", a.request.audit_id);
  request.text("stage", a.request.stage);
  request.number("code", a.request.code);
  request.flag("dry_run", a.request.dry_run);
}

}  // namespace

Result<Alert> alert_from_json(std::string_view json) {
  JsonTree tree;
  if (const auto parsed = tree.parse(json); !parsed) {
    return fail(fmt::format("not an alert: {} at byte {}", parsed.error().message, parsed.error().offset));
  }
  if (tree[tree.root()].value.type != ValueType::Object) return fail("not an alert: not a JSON object");
  std::string problem;
  const Members in(tree, tree.root(), problem);
  Alert a;
  read_kind(in, a);
  read_episode(in, a);
  read_lists(in, a);
  read_chain(in.inside("chain"), a.chain);
  read_actor(in.inside("actor"), a.actor);
  read_where(in, a);
  in.text("audit_level", a.audit_level);
  in.flag("approximate", a.approximate);
  in.flag("degraded", a.degraded);
  in.flag("salvaged", a.salvaged);
  if (a.id.empty()) in.wrong("id", "there");
  if (!problem.empty()) return fail("not an alert: " + problem);
  return a;
}

}  // namespace kubevigil
