#include "engine/app/serve_sinks.h"

#include <utility>

#include "engine/app/output_options.h"
#include "outputs/late_transport.h"

namespace kubevigil {
namespace {

struct Opening {
  const OutputConfig output;
  const std::string instance, place;
  const JournalLives lives;
  Disk& disk;
  const Env& env;
};

Result<OpenOutput> open_now(const Opening& from) {
  auto options = output_options(from.output, from.instance);
  if (!options) return tl::unexpected(options.error());
  options->kafka.lives = from.lives;
  return open_output(*options, from.place, from.disk, from.env);
}

void say_note(const OutputConfig& output, const OpenOutput& opened, Log& log) {
  if (!opened.note.empty()) log.warn("sink", "not as it was left", {{"sink", output.name}, {"what", opened.note}});
}

// An output that cannot be opened is one that is down: its alerts wait, events are taken, the others send.
Result<OpenOutput> open_or_later(const Opening& from, Log& log) {
  auto opened = open_now(from);
  if (opened) return opened;
  auto shaped = shape_output(output_words(from.output, from.instance), from.env);
  if (!shaped) return shaped;
  log.error("sink", "an output cannot be opened; its alerts wait until it can",
            {{"sink", from.output.name}, {"why", opened.error().message}});
  const auto again = [from, &log]() -> Result<std::unique_ptr<Transport>> {
    auto now = open_now(from);
    if (!now) return tl::unexpected(now.error());
    say_note(from.output, *now, log);
    return std::move(now->connection.transport);
  };
  shaped->connection.transport = std::make_unique<LateTransport>(again, from.place);
  return shaped;
}

// Null: it has none.
const TlsFiles* client_certificate(const OutputConfig& output) {
  const std::optional<TlsFiles>* tls = output.http ? &output.http->tls : output.syslog ? &output.syslog->tls : nullptr;
  return tls != nullptr && *tls && !(*tls)->certificate.empty() ? &**tls : nullptr;
}

}  // namespace

Result<std::unique_ptr<ServeSinks>> ServeSinks::open(const Config& config, ServeStorage& storage, Disk& disk,
                                                     const Env& env, Log& log, SelfAlerts& self_alerts,
                                                     SendGate* gate) {
  std::unique_ptr<ServeSinks> out(new ServeSinks(env, log, self_alerts));
  SinkWorld world{*storage.journal,
                  *storage.outbox,
                  disk,
                  env,
                  gate,
                  [self = out.get()](const SinkNotice& said) { self->notice(said); }};
  for (const OutputConfig& output : config.outputs) {
    auto opened = open_or_later(
        {output, config.instance, storage.outbox->place(output.name), storage.journal_lives, disk, env}, log);
    if (!opened) return tl::unexpected(opened.error());
    say_note(output, *opened, log);
    if (const TlsFiles* files = client_certificate(output)) {
      // One that cannot be read is why the output is down, which is told of already.
      auto tls = TlsSource::open(*files, TlsRole::Client, env);
      if (tls) out->certificates_.emplace_back(output.name, std::move(*tls));
    }
    const SinkOptions sink = sink_options(output, *opened, config.data);
    out->sinks_.push_back(std::make_unique<Sink>(world, std::move(opened->connection), sink));
  }
  return out;
}

void ServeSinks::add_triggers(ReloadTriggers& triggers) const {
  for (const auto& [name, tls] : certificates_) {
    triggers.add("tls of output " + name, [source = tls] { return source->reload(); });
  }
}

void ServeSinks::add_certificates(CertificateWatch& watch) const {
  for (const auto& [name, tls] : certificates_) watch.add("output", name, tls);
}

void ServeSinks::start() {
  for (const auto& sink : sinks_) sink->start();
}

void ServeSinks::stop(uint64_t journal_end, Duration patience) {
  const Duration began = env_.monotonic();
  for (const auto& sink : sinks_) {
    const Duration left = patience - (env_.monotonic() - began);
    if (left.micros > 0) sink->wait_delivered(journal_end - 1, left);
  }
  for (const auto& sink : sinks_) sink->stop();
}

void ServeSinks::notice(const SinkNotice& notice) {
  const SelfAlertEvent event{SelfAlertKind::SinkFailing, "", notice.sink, notice.text, env_.now()};
  const auto tell = [&](LogLevel level, std::string_view message) {
    log_.line(level, "sink", message, {{"sink", notice.sink}, {"detail", notice.text}});
  };
  const auto raise = [&](SelfAlertKind kind) {
    SelfAlertEvent raised = event;
    raised.kind = kind;
    self_alerts_.raise(raised);
  };
  switch (notice.kind) {
    case SinkNotice::Kind::Failing:
      tell(LogLevel::Error, "alerts cannot be delivered; they wait in the journal");
      return raise(SelfAlertKind::SinkFailing);
    case SinkNotice::Kind::Recovered:
      tell(LogLevel::Info, "alerts are delivered again");
      return self_alerts_.clear(event);
    case SinkNotice::Kind::DeadLetter:
      tell(LogLevel::Error, "alerts were given up and stand in the dead-letter file");
      return raise(SelfAlertKind::AlertsGivenUp);
    case SinkNotice::Kind::DeadLetterFile:
      tell(LogLevel::Error, "the dead-letter file cannot be written; the sink waits");
      return raise(SelfAlertKind::SinkFailing);
    case SinkNotice::Kind::Gap:
      tell(LogLevel::Error, "entries of the journal are lost");
      return raise(SelfAlertKind::StorageDamage);
    case SinkNotice::Kind::Journal:
      return tell(LogLevel::Error, "the journal cannot be read; trying again");
    case SinkNotice::Kind::Reminders:
      return tell(LogLevel::Warn, "the file of reminders cannot be read or written");
    case SinkNotice::Kind::Note:
      return tell(LogLevel::Warn, "alerts are delivered, but not as they should be");
  }
}

}  // namespace kubevigil
