// Slack incoming webhook: one message an alert. Facts: https://api.slack.com/reference/block-kit/blocks and
// https://api.slack.com/reference/surfaces/formatting#escaping.
//
//   {"text":fallback,"attachments":[{"color":C,"blocks":[section title and message, section of fields, section of next
//   steps, context]}]}
//
// Limits of Slack: 50 blocks, 3,000 characters a section, 10 fields of 2,000, 10 elements of a context; about one
// message a second and webhook. All text is mrkdwn: & < > become entities, so that <!channel> and <url|text> are dead;
// what comes from events stands in code spans, which also stop bold, links by spelling and emoji.
// Later revisions: an incoming webhook cannot change a message. An update and a retraction are messages of their own
// that say so; closed is not sent.
#include <fmt/format.h>

#include "engine/base/json_writer.h"
#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/chat_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

// Kept of a text before escaping, which makes it at most 5 times as long ("&amp;"); the blocks so stay below the
// limits.
constexpr size_t kTitleBytes = 80, kMessageBytes = 500, kFieldBytes = 160, kStepBytes = 240, kMostSteps = 2;
// A chain has many lines in one section: of each so much is kept escaped. 10 * 271 and the note stay below 3,000.
constexpr size_t kMostChain = 10, kChainLineBytes = 270;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

void mrkdwn(JsonWriter& json, std::string_view text) {
  json.begin_object().member("type", "mrkdwn").member("text", text).end_object();
}

void section(JsonWriter& json, std::string_view text) {
  json.begin_object().member("type", "section").key("text");
  mrkdwn(json, text);
  json.end_object();
}

std::string_view phase_words(Phase phase) {
  switch (phase) {
    case Phase::New:
      return "";
    case Phase::Goes:
      return " (goes on)";
    case Phase::Over:
      return " (over)";
    case Phase::Withdrawn:
      return " (retracted: it did not hold)";
  }
  return "";
}

std::string title_of(const Alert& a, Phase phase) {
  return fmt::format("*{}* {}{}", upper(severity_of(a).word),
                     slack_escaped(cut_to_bytes(rule_title_of(a), kTitleBytes)), phase_words(phase));
}

void write_fields(JsonWriter& json, const Alert& a) {
  json.begin_object().member("type", "section").key("fields").begin_array();
  const auto field = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) mrkdwn(json, fmt::format("*{}*\n{}", name, slack_code(text, kFieldBytes)));
  };
  field("Actor", actor_of(a));
  field("Target", target_of(a));
  field("Cluster", a.cluster);
  field("User agent", a.source.user_agent);
  field("Result", a.request.code == 0 ? "" : fmt::format("{} {}", a.request.code, a.permission.decision));
  field("Granted by", a.permission.binding);
  field("Count", a.count > 1 ? fmt::format("{} until {}", a.count, format_rfc3339(a.last_seen)) : "");
  field("ATT&amp;CK", joined(techniques_of(a), ", ", 8));
  json.end_array().end_object();
}

void write_steps(JsonWriter& json, const Alert& a) {
  std::string text;
  for (size_t i = 0; i < a.next_steps.size() && i < kMostSteps; ++i) {
    text += (text.empty() ? "" : "\n") + slack_code(a.next_steps[i], kStepBytes);
  }
  if (!text.empty()) section(json, text);
}

void write_chain(JsonWriter& json, const Alert& a) {
  const std::vector<std::string> steps = chain_of(a);
  std::string text;
  for (size_t i = 0; i < steps.size() && i < kMostChain; ++i) {
    text += (text.empty() ? "" : "\n") + slack_code_within(cut_to_bytes(steps[i], kStepBytes), kChainLineBytes);
  }
  if (steps.size() > kMostChain) text += fmt::format("\nand {} more", steps.size() - kMostChain);
  if (!text.empty()) section(json, text);
}

void write_context(JsonWriter& json, const Alert& a, const EncodingOptions& options) {
  json.begin_object().member("type", "context").key("elements").begin_array();
  mrkdwn(json, fmt::format("{} · {} · {} r{}", format_rfc3339(a.time), slack_code(a.rule_name, kFieldBytes),
                           slack_code(a.id, kFieldBytes), a.revision));
  if (const std::string link = link_to(a, options); !link.empty()) {
    mrkdwn(json, fmt::format("<{}|open in kubevigil>", slack_escaped(link)));
  }
  json.end_array().end_object();
}

class Slack : public Encoding {
 public:
  explicit Slack(const EncodingOptions& options) : options_(options) {}
  Format format() const override { return {Framing::Single, true, "application/json"}; }
  bool wants(const Alert& alert) const override { return phase_of(alert, options_) != Phase::Over; }

  void record(const Alert& a, std::string& out) const override {
    const std::string title = title_of(a, phase_of(a, options_));
    const std::string message = slack_code(a.message, kMessageBytes);
    JsonWriter json;
    json.begin_object().member("text", title + ": " + message);
    json.key("attachments").begin_array().begin_object().member("color", severity_of(a).color);
    json.key("blocks").begin_array();
    section(json, title + "\n" + message);
    write_fields(json, a);
    write_chain(json, a);
    write_steps(json, a);
    write_context(json, a, options_);
    out += json.end_array().end_object().end_array().end_object().text();
  }

 private:
  EncodingOptions options_;
};

}  // namespace

std::unique_ptr<Encoding> make_slack(const EncodingOptions& options) { return std::make_unique<Slack>(options); }

}  // namespace kubevigil
