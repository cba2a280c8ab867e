// `kubevigil rules explain`: for one rule and each event of a file, every condition with its outcome, the values that
// were there (redacted) and why it could not be judged.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/alert/alert_builder.h"
#include "engine/alert/event_facts.h"
#include "engine/app/cli.h"
#include "engine/app/open_files.h"
#include "engine/app/redact_option.h"
#include "engine/app/rule_selection.h"
#include "engine/base/json_writer.h"
#include "engine/base/terminal.h"
#include "engine/base/text.h"
#include "engine/event/record_reader.h"
#include "engine/match/explain.h"

namespace kubevigil {
namespace {

constexpr size_t kShownText = 160;  // of a condition; the whole of it: rules show, or -o json

struct ExplainFlags {
  RuleSelection rules;
  std::string id, event_file, format = "text";
  RedactFlags redact;
};

std::string_view outcome(Truth truth) {
  return truth == Truth::True ? "pass" : truth == Truth::False ? "fail" : "not evaluable";
}

// One request counts once: rules that do not name `stage` see it at the stage that carries its response.
bool is_judged(const Event& event, const Rule& detection) {
  return detection.detection().names_stage || stage_role(event) != StageRole::None;
}

// The detection itself, or the detections that a correlation reads.
void detections_of(const RuleSet& rules, const Rule& rule, std::vector<const Rule*>& out) {
  if (rule.is_detection()) {
    if (std::find(out.begin(), out.end(), &rule) == out.end()) out.push_back(&rule);
    return;
  }
  for (const CorrelationInput& input : rule.correlation().inputs) detections_of(rules, rules.rules[input.rule], out);
}

class Explainer : public EventSink {
 public:
  Explainer(const RuleSet& rules, const Rule& rule, const ExplainFlags& flags, const Redactor& redactor,
            Context& context)
      : rule_(rule), redactor_(redactor), json_(flags.format == "json"), context_(context), fields_(rules.derived) {
    detections_of(rules, rule, detections_);
  }

  void event(const Event& event) override {
    ++events_;
    fields_.begin(event);
    resource_ = full_resource(event);
    for (const Rule* detection : detections_) {
      const Explanation tree = explain(detection->detection().condition, fields_);
      json_ ? write_json(event, *detection, tree) : write_text(event, *detection, tree);
    }
  }

  void bad(BadRecord bad) override {
    if (bad_++ == 0) first_bad_ = fmt::format("{}: {}", bad.position.line, printable(bad.message));
  }

  // Lines that hold no audit event are named once a file.
  void finish(const std::string& path) {
    if (bad_ == 0 && events_ > 0) return;
    std::string text = printable(path) + (bad_ > 0 ? ":" + first_bad_ : std::string(": no audit event there"));
    if (bad_ > 1) text += fmt::format(" (and {} more lines that hold no audit event)", bad_ - 1);
    events_ == 0 ? context_.fail(kExitInput, text) : context_.console.error(text);
  }

 private:
  std::vector<std::string> shown(const Explanation& node) const {
    std::vector<std::string> out;
    for (const std::string& value : node.values)
      out.push_back(displayed(redactor_.value(node.field, resource_, value)));
    return out;
  }

  void write_text(const Event& event, const Rule& detection, const Explanation& tree) {
    context_.console.data(fmt::format("event {} ({} {}, level {}): {} for {}\n",
                                      printable(event.text(FieldId::AuditId)), printable(event.text(FieldId::Verb)),
                                      printable(resource_), printable(event.text(FieldId::Level)), outcome(tree.truth),
                                      printable(detection.meta.name)));
    if (!detection.dead.empty()) context_.console.data("  dead: " + printable(detection.dead) + "\n");
    if (!is_judged(event, detection)) {
      context_.console.data("  not judged: the rule names no stage, and sees this request at another than " +
                            printable(event.text(FieldId::Stage)) + "\n");
    }
    node_text(tree, 1);
    if (!rule_.is_detection()) context_.console.data("  then: " + printable(condition_text(rule_)) + "\n");
  }

  // In a filter the names of its selections say nothing about the rule.
  void node_text(const Explanation& node, size_t depth, bool in_filter = false) {
    std::string line = std::string(depth * 2, ' ') + fmt::format("{:<16}", fmt::format("[{}]", outcome(node.truth)));
    if (!node.label.empty() && (!in_filter || node.label.starts_with('['))) line += node.label + ": ";
    line += node.text.size() > kShownText ? cut_to_width(printable(node.text), kShownText) : node.text;
    if (!node.field.empty() && node.kind == Expr::Kind::Test) line += "   was: " + values_text(node);
    if (!node.reason.empty()) line += "   because " + node.reason;
    context_.console.data(printable(line) + "\n");
    const bool filter = in_filter || node.label.starts_with("filter ");
    for (const Explanation& child : node.children) node_text(child, depth + 1, filter);
  }

  std::string values_text(const Explanation& node) const {
    std::string out;
    for (const std::string& value : shown(node)) out += (out.empty() ? "\"" : ", \"") + value + "\"";
    return out.empty() ? "(not there)" : out;
  }

  void write_json(const Event& event, const Rule& detection, const Explanation& tree) {
    JsonWriter json;
    json.begin_object().member("schema", "kubevigil.explain/v1").member("rule", rule_.meta.name);
    json.member("detection", detection.meta.name).member("audit_id", event.text(FieldId::AuditId));
    json.member("stage", event.text(FieldId::Stage)).member("judged", is_judged(event, detection));
    json.optional("dead", detection.dead).member("outcome", outcome(tree.truth)).key("condition");
    node_json(json, tree);
    context_.console.data(json.end_object().take() + "\n");
  }

  void node_json(JsonWriter& json, const Explanation& node) {
    json.begin_object()
        .member("outcome", outcome(node.truth))
        .member("text", node.text)
        .optional("selection", node.label);
    json.optional("field", node.field);
    if (!node.field.empty()) json.member("values", shown(node));
    json.optional("reason", node.reason);
    if (!node.children.empty()) {
      json.key("children").begin_array();
      for (const Explanation& child : node.children) node_json(json, child);
      json.end_array();
    }
    json.end_object();
  }

  const Rule& rule_;
  Redactor redactor_;
  bool json_;
  Context& context_;
  FieldLookup fields_;
  std::vector<const Rule*> detections_;
  std::string resource_;
  size_t events_ = 0, bad_ = 0;
  std::string first_bad_;
};

void run(const ExplainFlags& flags, Context& context) {
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  const Rule* rule = find_rule_or_say(loaded, flags.id, context);
  if (rule == nullptr) return;
  const auto redactor = make_redactor(flags.redact);
  if (!redactor) return context.fail(kExitUsage, redactor.error().message);
  auto opened = open_files({flags.event_file}, {});
  for (const std::string& problem : opened.problems) context.console.error(printable(problem));
  Explainer explainer(loaded.rules, *rule, flags, *redactor, context);
  RecordReader reader;
  Batch batch;
  for (const auto& input : opened.inputs) {
    for (batch = {}; input->next(batch); batch = {}) {
      for (const BadRecord& bad : batch.bad) explainer.bad(bad);
      for (const Record& record : batch.records) reader.read(batch, record, Timestamp{}, explainer);
    }
  }
  if (opened.problems.empty()) explainer.finish(flags.event_file);
  if (!opened.problems.empty()) context.exit_code = kExitInput;
}

}  // namespace

void add_rules_explain(CLI::App& rules, Context& context) {
  CLI::App* command = rules.add_subcommand("explain", "Explain why a rule does or does not match an event");
  command->footer(
      "Examples:\n  kubevigil rules explain privileged_pod_created --event event.json\n"
      "  tail -1 audit.log | kubevigil rules explain pod_exec --event -");
  auto flags = std::make_shared<ExplainFlags>();
  command->add_option("ID", flags->id, "Name or id of the rule")->required()->type_name("");
  command->add_option("--event", flags->event_file, "File with events, or - for standard input")
      ->required()
      ->type_name("FILE");
  command->add_option("-o,--output", flags->format, "text or json (one line an event)")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  add_redact_options(*command, flags->redact);
  flags->rules.preset.reset();
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace kubevigil
