#include "tests/support/sink_bench.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kubevigil::test {
namespace {

std::string tag(const Alert& alert) { return alert.id + "." + std::to_string(alert.revision); }

std::string_view word(SinkNotice::Kind kind) {
  switch (kind) {
    case SinkNotice::Kind::Failing:
      return "failing";
    case SinkNotice::Kind::Recovered:
      return "recovered";
    case SinkNotice::Kind::DeadLetter:
      return "dead letter";
    case SinkNotice::Kind::DeadLetterFile:
      return "dead-letter file";
    case SinkNotice::Kind::Gap:
      return "gap";
    case SinkNotice::Kind::Journal:
      return "journal";
    case SinkNotice::Kind::Reminders:
      return "reminders";
    case SinkNotice::Kind::Note:
      return "note";
  }
  return "?";
}

}  // namespace

Delivery ScriptedTransport::send(const Message& message) {
  ++record_->messages;
  Delivery delivery = record_->answer(message);
  if (delivery.kind != Delivery::Kind::Delivered) return delivery;
  for (size_t i = 0; i < message.alerts.size(); ++i) {
    const bool apart = std::any_of(delivery.items.begin(), delivery.items.end(),
                                   [&](const Delivery::Item& item) { return item.index == i; });
    if (!apart) record_->sent.push_back(tag(message.alerts[i]));
  }
  return delivery;
}

void PlainEncoding::record(const Alert& alert, std::string& out) const { out += tag(alert); }

Alert plain_alert(const std::string& id, Level level, const std::string& rule) {
  Alert alert;
  alert.id = alert.dedup_key = id;
  alert.status = EpisodeStatus::Open;
  alert.level = level;
  alert.rule_id = rule + "-id";
  alert.rule_name = rule;
  alert.cluster = "prod";
  alert.time = alert.first_seen = alert.last_seen = SimulatedEnv().wall;
  alert.count = 1;
  return alert;
}

SinkBench::SinkBench(std::vector<std::string> sinks) : sinks_(std::move(sinks)) { open(); }

void SinkBench::open() {
  journal.reset();
  outbox.reset();
  JournalOptions journal_options;
  journal_options.folder = "/journal";
  journal_options.secret = env.random();
  journal_options.segment_bytes = 64u << 10;
  journal_options.commit.own_thread = false;
  auto opened = Journal::open(disk, journal_options);
  ASSERT_TRUE(opened) << opened.error().message;
  journal = std::move(*opened);
  OutboxOptions outbox_options;
  outbox_options.folder = "/outbox";
  outbox_options.sinks = sinks_;
  outbox_options.secret = env.random();
  outbox_options.commit.own_thread = false;
  auto cursors = Outbox::open(disk, outbox_options);
  ASSERT_TRUE(cursors) << cursors.error().message;
  outbox = std::move(*cursors);
}

void SinkBench::input() {
  journal->append(JournalInput{"spool", "1", "2", 1, env.now()});
  ASSERT_TRUE(journal->flush());
}

void SinkBench::alert(const Alert& alert) {
  journal->append(JournalAlert{alert.id, alert.revision, to_json(alert)});
  ASSERT_TRUE(journal->flush());
}

void SinkBench::alerts(int first, int end, Level level) {
  for (int i = first; i < end; ++i) {
    input();
    alert(plain_alert("a" + std::to_string(i), level));
  }
}

SinkWorld SinkBench::world() {
  SinkWorld out{*journal, *outbox, disk, env, gate};
  out.notice = [this](const SinkNotice& notice) {
    notices.push_back(std::string(word(notice.kind)) + ": " + notice.text);
  };
  return out;
}

SinkOptions SinkBench::options(const std::string& name) const {
  SinkOptions out;
  out.name = name;
  out.dead_letters.path = "/dead/" + name + ".jsonl";
  return out;
}

std::unique_ptr<Sink> SinkBench::sink(const SinkOptions& options, std::shared_ptr<ScriptedTransport::Record> record) {
  SinkConnection connection;
  connection.encoding = std::make_unique<PlainEncoding>();
  connection.transport = std::make_unique<ScriptedTransport>(std::move(record));
  return std::make_unique<Sink>(world(), std::move(connection), options);
}

void SinkBench::run(Sink& sink, Duration time) {
  const Duration end{env.mono.micros + time.micros};
  for (int steps = 0; steps < 1'000'000; ++steps) {
    const Sink::Pause pause = sink.step();
    if (pause.most.micros <= 0) continue;
    const Duration left = end - env.mono;
    if (left < pause.most) {
      env.pass(std::max(left, Duration{}));
      return;
    }
    env.pass(pause.most);
  }
  FAIL() << "the sink never rests";
}

}  // namespace kubevigil::test
