#include "engine/run/policy_cells.h"

#include <algorithm>

#include "engine/run/api_resources.h"
#include "engine/run/case_event.h"

namespace kubevigil {
namespace {

constexpr size_t kMostNames = 24;  // of one dimension

void add_new(std::vector<std::string>& list, std::string text) {
  if (list.size() < kMostNames && std::find(list.begin(), list.end(), text) == list.end()) {
    list.push_back(std::move(text));
  }
}

void add_new(std::vector<PolicyCaller>& list, PolicyCaller caller) {
  const bool known = std::any_of(list.begin(), list.end(), [&](const PolicyCaller& c) {
    return c.user == caller.user && c.groups == caller.groups;
  });
  if (!known && list.size() < 2 * kProbeCallers) list.push_back(std::move(caller));
}

bool is_reading_many(std::string_view verb) { return verb == "list" || verb == "watch" || verb == "deletecollection"; }

bool is_named_later(const PolicyCell& cell) { return cell.verb == "create" && cell.target->subresource.empty(); }

CaseEvent case_event(const PolicyCell& cell, AuditLevel level) {
  CaseEvent event;
  event.user = cell.caller->user;
  event.groups = cell.caller->groups;
  if (cell.as != nullptr) event.as = cell.as->user;
  if (cell.as != nullptr) event.as_groups = cell.as->groups;
  event.verb = cell.verb;
  event.level = to_text(level);
  event.stage = cell.stage;
  if (level >= AuditLevel::Request) event.body = "{}";
  if (!cell.target->is_resource) {
    event.uri = cell.target->path;
    return event;
  }
  event.resource = cell.target->resource;
  event.subresource = cell.target->subresource;
  event.group = cell.target->group;
  event.version = "v1";
  event.ns = cell.ns;
  event.name = cell.name;
  return event;
}

}  // namespace

bool is_decided_by_request(FieldId field) {
  switch (field) {
    case FieldId::Verb:
    case FieldId::Stage:
    case FieldId::ObjectResource:
    case FieldId::ObjectNamespace:
    case FieldId::ObjectName:
    case FieldId::ObjectApiGroup:
    case FieldId::ObjectSubresource:
    case FieldId::Resource:
    case FieldId::UserUsername:
    case FieldId::UserGroups:
    case FieldId::ImpersonatedUsername:
    case FieldId::ImpersonatedGroups:
    case FieldId::EffectiveUsername:
    case FieldId::EffectiveGroups:
    case FieldId::ServiceAccountNamespace:
    case FieldId::ServiceAccountName:
    case FieldId::CallerNamespace:
      return true;
    default:
      return false;
  }
}

PolicyCells::PolicyCells(const Detection& detection, const AuditPolicy& policy)
    : targets_(targets_of(policy)),
      callers_(callers_of(policy)),
      namespaces_({std::string(kSomeNamespace)}),
      names_({std::string(kSomeName)}),
      stages_({"ResponseComplete"}) {
  for (const PolicyRule& rule : policy.rules) {
    for (const std::string& ns : rule.namespaces) {
      if (!ns.empty()) add_new(namespaces_, ns);
    }
    for (const PolicyResources& r : rule.resources) {
      for (const std::string& name : r.names) add_new(names_, name);
    }
  }
  if (detection.names_stage) stages_ = {"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"};
  read_names(detection.condition, false);
  add_accounts();
  add_targets();
}

// Names in exceptions need no cell of their own: whoever is not named is no exception.
void PolicyCells::read_names(const Expr& expr, bool negated) {
  if (expr.kind == Expr::Kind::Test) {
    note_field(expr.test.field.id);
    for (const Pattern& pattern : expr.test.patterns) {
      if (pattern.field) note_field(pattern.field->id);
    }
    if (expr.test.op == TestOp::EqualsField) add_new(namespaces_, "other-namespace");  // than that of the caller
    if (!negated) read_test(expr.test);
  }
  for (const Expr& child : expr.children) read_names(child, negated != (expr.kind == Expr::Kind::Not));
}

void PolicyCells::note_field(FieldId field) {
  // A derived field may be made of the namespace or the name: the pod that is acted on, the binding that is written.
  const bool made = field_info(field).origin == FieldOrigin::Derived && !is_decided_by_request(field);
  reads_namespace_ = reads_namespace_ || made || field == FieldId::ObjectNamespace;
  reads_name_ = reads_name_ || made || field == FieldId::ObjectName;
  switch (field) {
    case FieldId::UserUsername:
    case FieldId::UserGroups:
    case FieldId::CallerNamespace:
      reads_caller_ = true;
      break;
    case FieldId::ImpersonatedUsername:
    case FieldId::ImpersonatedGroups:
      reads_caller_ = true;
      impersonates_ = true;
      break;
    case FieldId::EffectiveUsername:
    case FieldId::EffectiveGroups:
    case FieldId::ServiceAccountNamespace:
    case FieldId::ServiceAccountName:
      impersonates_ = true;
      break;
    default:
      break;
  }
}

void PolicyCells::read_test(const Test& test) {
  if (test.op != TestOp::Equals && test.op != TestOp::StartsWith) return;
  for (const Pattern& pattern : test.patterns) {
    const std::string text = pattern.text + (test.op == TestOp::StartsWith ? "x" : "");
    switch (test.field.id) {
      case FieldId::UserUsername:
      case FieldId::EffectiveUsername:
      case FieldId::ImpersonatedUsername:
        add_new(callers_, caller_named(text));
        break;
      case FieldId::UserGroups:
      case FieldId::EffectiveGroups:
      case FieldId::ImpersonatedGroups:
        add_new(callers_, caller_in(text));
        break;
      case FieldId::ServiceAccountName:
        add_new(account_names_, text);
        break;
      case FieldId::ServiceAccountNamespace:
      case FieldId::CallerNamespace:
        add_new(account_namespaces_, text);
        break;
      case FieldId::ObjectNamespace:
        add_new(namespaces_, text);
        break;
      case FieldId::ObjectName:
        add_new(names_, text);
        break;
      case FieldId::Resource:
      case FieldId::ObjectResource:
        add_new(resources_, text);
        break;
      case FieldId::ObjectApiGroup:
        add_new(groups_, text);
        break;
      case FieldId::UriPath:
      case FieldId::RequestUri:
        if (text.starts_with('/')) targets_.push_back({false, {}, {}, {}, text.substr(0, text.find('?')), false});
        break;
      default:
        break;
    }
  }
}

void PolicyCells::add_accounts() {
  if (account_names_.empty() && account_namespaces_.empty()) return;
  if (account_names_.empty()) account_names_ = {"some-account"};
  if (account_namespaces_.empty()) account_namespaces_ = {std::string(kSomeNamespace)};
  for (const std::string& ns : account_namespaces_) {
    for (const std::string& name : account_names_) {
      add_new(callers_, caller_named("system:serviceaccount:" + ns + ":" + name));
    }
  }
}

// Custom resources that the rule names, in the groups that it names.
void PolicyCells::add_targets() {
  const auto is_served = [](const std::string& resource) {
    const auto all = api_resources();
    return std::any_of(all.begin(), all.end(), [&](const ApiResource& r) { return r.resource == resource; });
  };
  if (groups_.empty()) groups_ = {"example.com"};
  for (const std::string& text : resources_) {
    const size_t slash = text.find('/');
    const std::string resource = text.substr(0, slash);
    const std::string part = slash == std::string::npos ? "" : text.substr(slash + 1);
    if (is_served(resource)) continue;
    for (const std::string& group : groups_) targets_.push_back({true, group, resource, part, {}, true});
  }
}

void PolicyCells::each(const PolicyTarget& target, std::string_view verb,
                       const std::function<void(const PolicyCell&)>& visit) const {
  std::vector<std::string_view> spaces = {""}, names = {""};
  if (target.is_resource && target.namespaced) spaces.assign(namespaces_.begin(), namespaces_.end());
  if (target.is_resource && !is_reading_many(verb)) names.assign(names_.begin(), names_.end());
  if (is_reading_many(verb) && target.namespaced) spaces.push_back("");
  std::vector<const PolicyCaller*> masks = {nullptr};
  if (impersonates_) {
    for (const PolicyCaller& caller : callers_) masks.push_back(&caller);
  }
  for (const PolicyCaller& caller : callers_) {
    for (const PolicyCaller* as : masks) {
      for (const std::string_view ns : spaces) {
        for (const std::string_view name : names) {
          const bool is_namespace = target.resource == "namespaces" && target.group.empty() && !name.empty();
          for (const std::string& stage : stages_)
            visit({&target, verb, &caller, as, is_namespace ? name : ns, name, stage});
        }
      }
    }
  }
}

PolicyCells::Look PolicyCells::look_of(const PolicyCell& cell) const {
  const PolicyCaller* effective = cell.as != nullptr ? cell.as : cell.caller;
  return {impersonates_ ? effective : nullptr,          reads_caller_ ? cell.caller : nullptr,
          reads_caller_ && cell.as != nullptr,          reads_namespace_ ? cell.ns : std::string_view{},
          reads_name_ ? cell.name : std::string_view{}, stages_.size() > 1 ? cell.stage : std::string_view{}};
}

PolicyCell PolicyCells::sample(const PolicyTarget& target, std::string_view verb) {
  return {&target, verb, &usual_callers().front(), nullptr, "", "", "ResponseComplete"};
}

std::vector<std::string_view> verbs_of(const PolicyTarget& target) {
  if (!target.is_resource) return {path_verbs().begin(), path_verbs().end()};
  const ApiResource* known = find_api_resource(target.group, target.resource);
  const auto verbs = known == nullptr ? resource_verbs() : api_verbs(*known, target.subresource);
  return {verbs.begin(), verbs.end()};
}

std::string event_of(const PolicyCell& cell, AuditLevel level) {
  return expand(case_event(cell, level), Timestamp{}, "", 0).front().json;
}

PolicyRequest request_of(const PolicyCell& cell) {
  return request_to(*cell.target, *cell.caller, cell.verb, cell.ns, is_named_later(cell) ? "" : cell.name);
}

std::string to_text(const PolicyCell& cell) {
  const PolicyTarget& target = *cell.target;
  std::string text = std::string(cell.verb) + ' ' + (target.is_resource ? target.resource : target.path);
  if (!target.subresource.empty()) text += '/' + target.subresource;
  if (!target.group.empty()) text += '.' + target.group;
  if (!cell.ns.empty()) text.append(" in ").append(cell.ns);
  text += " by " + cell.caller->user;
  if (cell.caller->user == "someone" && cell.caller->groups.size() > 1) text += " of " + cell.caller->groups.front();
  if (cell.as != nullptr) text += " as " + cell.as->user;
  return text;
}

}  // namespace kubevigil
