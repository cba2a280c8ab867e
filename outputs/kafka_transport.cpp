#include "outputs/kafka_transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kMark = "kubevigil/1";

constexpr int64_t kLatest = 253'402'300'799;  // the end of the year 9999

std::optional<Timestamp> seconds_since_1970(std::string_view text) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (seconds < 0 || seconds > kLatest) return std::nullopt;
  return Timestamp{seconds * 1'000'000};
}

}  // namespace

KafkaTransport::KafkaTransport(KafkaTransportOptions options, std::unique_ptr<KafkaPublisher> publisher,
                               std::unique_ptr<KafkaLookup> lookup, const Env& env)
    : options_(std::move(options)), publisher_(std::move(publisher)), lookup_(std::move(lookup)), env_(env) {}

void KafkaTransport::cancel() {
  publisher_->cancel();
  if (lookup_) lookup_->cancel();
}

KafkaResult<void> KafkaTransport::open() {
  if (is_open_ && !publisher_->wants_open()) return {};
  const auto found = publisher_->open(options_.timeout);
  if (!found) return tl::unexpected(found.error());
  if (options_.exactly_once) take_over(*found);
  is_open_ = true;
  return {};
}

// When this journal took over; nullopt: it is foreign.
std::optional<Timestamp> KafkaTransport::since_of(const KafkaCursor& cursor) const {
  const std::vector<std::string_view> words = split(cursor.metadata, ' ');
  if (words.size() != 3 || words[0] != kMark || cursor.value < 0) return std::nullopt;
  const auto sequence = static_cast<uint64_t>(cursor.value);
  const bool of_this_life = words[1] == options_.lives.now && sequence < sent_end_;
  if (!of_this_life && !options_.lives.had(words[1], sequence)) return std::nullopt;
  return seconds_since_1970(words[2]);
}

void KafkaTransport::take_over(const std::optional<KafkaCursor>& found) {
  const auto since = found ? since_of(*found) : std::nullopt;
  is_ours_ = since.has_value();
  if (is_ours_) {
    cursor_ = static_cast<uint64_t>(found->value);
    since_ = *since;
    foreign_.reset();
    return;
  }
  cursor_ = 0;
  if (found && found == foreign_) return;  // nobody has published since: a cursor moves with what is published
  foreign_ = found;
  since_ = env_.now();
  cut_said_ = false;
  lookup_->forget();
}

KafkaCursor KafkaTransport::cursor_at(uint64_t sequence) const {
  return {static_cast<int64_t>(sequence),
          fmt::format("{} {} {}", kMark, options_.lives.now, since_.micros / 1'000'000)};
}

// Of each alert whether it stands in the topic.
KafkaResult<std::vector<bool>> KafkaTransport::published(const Message& message, Delivery& said) {
  std::vector<bool> out(message.alerts.size(), false);
  if (!options_.exactly_once) return out;
  std::optional<Timestamp> oldest;  // of those of which only the topic knows
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = message.places[i].sequence <= cursor_;
    // Arrived here it is perhaps for the second time, but nobody published it before it happened.
    const Timestamp happened = std::min(message.places[i].arrived, message.alerts[i].last_seen);
    if (out[i] || (is_ours_ && happened >= since_ + kLookupMargin)) continue;
    oldest = std::min(oldest.value_or(happened), happened);
  }
  if (!oldest) {
    lookup_->rest();
    return out;
  }
  const auto read = lookup_->read(*oldest, options_.timeout);
  if (!read) return tl::unexpected(read.error());
  if (!*read) {
    return tl::unexpected(KafkaError{
        KafkaFault::Retry,
        fmt::format("reading what was published before the take-over, {} messages so far", lookup_->messages())});
  }
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = out[i] || lookup_->holds(message.alerts[i].id, message.alerts[i].revision);
  }
  if (lookup_->is_cut() && !std::exchange(cut_said_, true)) {
    said.note = fmt::format(
        "{}: its cursor is not known, and more than {} messages were published since {}: what lies behind them may be "
        "published twice",
        options_.where, lookup_->messages(), format_rfc3339(*oldest - kLookupMargin));
  }
  return out;
}

KafkaResult<void> KafkaTransport::publish(const Message& message, const std::vector<bool>& published) {
  std::vector<KafkaOut> out;
  std::vector<std::string> revisions(message.alerts.size());
  const std::string_view body = message.body;
  for (size_t i = 0; i < message.alerts.size(); ++i) {
    if (published[i]) continue;
    const Alert& alert = message.alerts[i];
    const size_t begin = i == 0 ? 0 : message.ends[i - 1];
    revisions[i] = std::to_string(alert.revision);
    out.push_back({alert.dedup_key,
                   body.substr(begin, message.ends[i] - begin),
                   {{kKafkaIdHeader, alert.id},
                    {kKafkaRevisionHeader, revisions[i]},
                    {kKafkaOutputHeader, options_.output},
                    {"level", to_text(alert.level)},
                    {"content-type", message.content_type}}});
  }
  if (out.empty()) return {};
  const uint64_t last = message.places.empty() ? 0 : message.places.back().sequence;
  sent_end_ = std::max(sent_end_, last + 1);
  if (auto done = publisher_->publish(out, cursor_at(last), options_.timeout); !done) return done;
  cursor_ = last;
  is_ours_ = options_.exactly_once;
  next_rest_ = {env_.monotonic().micros + kCursorAgain.micros};
  return {};
}

Delivery KafkaTransport::send(const Message& message) {
  Delivery said;
  if (const auto opened = open(); !opened) return failed(opened.error());
  const auto known = published(message, said);
  if (!known) return failed(known.error());
  const auto done = publish(message, *known);
  if (done) return said;
  is_open_ = false;
  return failed(done.error());
}

Delivery KafkaTransport::failed(const KafkaError& error) const {
  Delivery out;
  out.kind = error.fault == KafkaFault::BadMessage ? Delivery::Kind::Refused : Delivery::Kind::Retry;
  out.reason = fmt::format("{}: {}", options_.where, error.message);
  if (error.fault == KafkaFault::Fenced) {
    out.reason += "; another instance publishes with this transactional id, or a transaction took too long";
    out.retry_after = kFencedWait;
  }
  return out;
}

// To open would shut out whoever publishes now.
Duration KafkaTransport::rest() {
  if (lookup_) lookup_->rest();
  if (!is_ours_ || !is_open_ || publisher_->wants_open()) return kCursorAgain;
  const Duration now = env_.monotonic();
  if (now < next_rest_) return next_rest_ - now;
  is_open_ = publisher_->publish({}, cursor_at(cursor_), options_.timeout).has_value();
  next_rest_ = {now.micros + kCursorAgain.micros};
  return kCursorAgain;
}

}  // namespace kubevigil
