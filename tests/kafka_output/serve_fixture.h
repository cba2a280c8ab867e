// `kubevigil serve` that follows a log and publishes to a real broker; what kcat reads there; what the journal says.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "engine/run/journal.h"
#include "tests/e2e/object_alerts.h"
#include "tests/kafka/broker_fixture.h"
#include "tests/support/log_writer.h"

namespace kubevigil::test {

struct Published {
  std::vector<std::string> names;  // "id.revision"; of each partition in its order, one partition behind the other
  std::vector<std::string> keys, values;
};

inline bool is_self_alert(const std::string& json) { return json.find("\"name\":\"kubevigil_") != std::string::npos; }

// What is missing, what is there twice, and the first that is not in its place.
inline std::string difference(const std::vector<std::string>& is, const std::vector<std::string>& should) {
  std::map<std::string, int> count;
  for (const std::string& name : should) ++count[name];
  for (const std::string& name : is) --count[name];
  size_t missing = 0, twice = 0;
  for (const auto& [name, n] : count) (n > 0 ? missing : twice) += static_cast<size_t>(std::abs(n));
  const auto [a, b] = std::mismatch(is.begin(), is.end(), should.begin(), should.end());
  return fmt::format("{} of {}, {} missing, {} too many, the same up to {}", is.size(), should.size(), missing, twice,
                     a - is.begin());
}

// One instance: its configuration, its data folder, its lives.
class Instance {
 public:
  Instance(const TestFolder& folder, std::string name, const std::string& config)
      : folder_(folder), name_(std::move(name)), data(folder.path("data-" + name_)) {
    folder_.write(name_ + ".yaml", fmt::format("data: {}\ninstance: {}\nadmin: {{listen: \"127.0.0.1:{}\"}}\n{}", data,
                                               name_, admin, config));
  }
  void start() {
    process_ = std::make_unique<Daemon>(
        std::vector<std::string>{KUBEVIGIL_BINARY, "serve", "-c", folder_.path(name_ + ".yaml")},
        folder_.path(fmt::format("log-{}-{}", name_, ++lives_)));
  }
  void kill() { process_.reset(); }
  int stop() {
    const int code = process_->stop();
    process_.reset();
    return code;
  }
  pid_t id() const { return process_->id(); }
  bool ended() const { return process_->ended(); }
  // Of this life and the one before.
  std::string said() const {
    std::string out;
    for (int life = std::max(lives_ - 1, 1); life <= lives_; ++life) {
      std::ifstream in(folder_.path(fmt::format("log-{}-{}", name_, life)), std::ios::binary);
      out.append(std::istreambuf_iterator<char>(in), {});
    }
    return out;
  }
  // "id.revision" of the alerts in the journal, `of_rules`: without those about the program itself. REQUIRES: it does
  // not run.
  std::vector<std::string> journaled(bool of_rules = false) const {
    std::vector<std::string> out;
    JournalOptions options;
    options.folder = data + "/journal";
    const auto journal = Journal::open(posix_disk(), options);
    EXPECT_TRUE(journal) << journal.error().message;
    JournalReader reader(**journal, (*journal)->first_sequence());
    for (auto step = reader.next(); step && *step != JournalReader::Step::End; step = reader.next()) {
      EXPECT_EQ(*step, JournalReader::Step::Entry) << to_text(reader.gap());
      if (*step != JournalReader::Step::Entry) break;
      const auto* alert = std::get_if<JournalAlert>(&reader.entry());
      if (alert == nullptr || (of_rules && is_self_alert(alert->body))) continue;
      out.push_back(fmt::format("{}.{}", alert->id, alert->revision));
    }
    return out;
  }

 private:
  const TestFolder& folder_;
  const std::string name_;
  int lives_ = 0;
  std::unique_ptr<Daemon> process_;

 public:
  const std::string data;
  const uint16_t admin = free_port();
};

class ServeToKafka : public BrokerTest {
 protected:
  // Rules, a log and an output; `more` below kafka:, `beside` at the end.
  std::string config(const std::string& more = "", const std::string& beside = "") const {
    return fmt::format(R"(rules: {{builtin: false, paths: [{}]}}
inputs:
  tail: [{{path: {}, cluster: lab}}]
state: {{snapshot-every: 1s}}
outputs:
  - name: soc
    transport: kafka
    retry: {{first: 100ms, most: 1s}}
    kafka: {{brokers: "{}", topic: {}{}}}
  - name: never  # takes nothing, so the journal keeps all
    transport: http
    http: {{url: "http://127.0.0.1:9/"}}
{}
)",
                       folder.write("rules.yaml", e2e::kRules), log.path(), broker().address(), topic, more, beside);
  }
  void events(size_t count) {
    std::string lines;
    for (; count > 0; --count) lines += e2e::object_event(written++) + "\n";
    log.append(lines);
  }
  // As a read_committed reader that is not ours sees it now.
  Published published() const {
    Published out;
    const std::string command = fmt::format(
        "kcat -C -q -e -b {} -t {} -o beginning -X isolation.level=read_committed -f '%p\\t%k\\t%h\\t%s\\n' 2>&1 | "
        "sort -s -n -k1,1",
        broker().address(), topic);
    std::string text;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 65536> piece{};
    for (size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0;)
      text.append(piece.data(), got);
    for (size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
      take(text.substr(at, end - at), out);
    }
    return out;
  }
  bool all_published() {
    return becomes([&] {
      seen = published();
      size_t objects = 0;
      for (size_t i = 0; i < seen.names.size(); ++i) {
        objects += seen.names[i].ends_with(".1") && seen.values[i].find("\"object_created\"") != std::string::npos;
      }
      return objects >= written;
    });
  }

  // Of all that is published: each once, in the order of `journaled`.
  void expect_published(const std::vector<std::string>& journaled, bool of_rules = false) const {
    const Published all = published();
    std::vector<std::string> names;
    for (size_t i = 0; i < all.names.size(); ++i) {
      if (!of_rules || !is_self_alert(all.values[i])) names.push_back(all.names[i]);
    }
    EXPECT_GE(journaled.size(), written);
    EXPECT_TRUE(names == journaled) << difference(names, journaled);
  }

  const TestFolder folder;
  LogWriter log;
  size_t written = 0;
  Published seen;

 private:
  static std::string header(const std::string& headers, const std::string& name) {
    const size_t at = ("," + headers).find("," + name + "=");
    if (at == std::string::npos) return "?";
    const size_t begin = at + name.size() + 1;
    return headers.substr(begin, headers.find(',', begin) - begin);
  }
  static void take(const std::string& line, Published& out) {
    std::array<std::string, 4> fields;
    size_t at = 0;
    for (size_t i = 0; i < 3; ++i) {
      const size_t end = std::min(line.find('\t', at), line.size());
      fields[i] = line.substr(at, end - at);
      at = std::min(end + 1, line.size());
    }
    out.names.push_back(header(fields[2], "kubevigil-alert-id") + "." + header(fields[2], "kubevigil-revision"));
    out.keys.push_back(fields[1]);
    out.values.push_back(line.substr(at));
  }
};

}  // namespace kubevigil::test
