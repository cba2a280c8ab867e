#include "engine/run/framing.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

// The id of an alert, in any format.
class Ids : public Encoding {
 public:
  explicit Ids(Format format) : format_(format) {}
  Format format() const override { return format_; }
  void record(const Alert& alert, std::string& out) const override { out += alert.id; }
  void heading(std::string& out) const override { out += "# ids\n"; }
  void nothing(std::string& out) const override { out += "# none\n"; }

 private:
  Format format_;
};

std::vector<Alert> alerts_of(const std::vector<std::string>& ids) {
  std::vector<Alert> out;
  for (const std::string& id : ids) out.emplace_back().id = id;
  return out;
}

std::string document(Framing framing, const std::vector<std::string>& ids) {
  const Ids encoding({framing, true, "text/plain"});
  DocumentWriter writer(encoding);
  std::string out;
  for (const Alert& alert : alerts_of(ids)) writer.alert(alert, out);
  writer.end(out);
  return out;
}

TEST(Framing, Documents) {
  EXPECT_EQ(document(Framing::Document, {}), "# none\n");
  EXPECT_EQ(document(Framing::Document, {"a", "b"}), "# ids\na\nb\n");
  EXPECT_EQ(document(Framing::Array, {}), "[]\n# none\n");
  EXPECT_EQ(document(Framing::Array, {"a", "b"}), "# ids\n[\na,\nb\n]\n");
}

struct Body {
  std::string text;
  size_t alerts;
  bool operator==(const Body&) const = default;
};

std::vector<Body> cut(Framing framing, const std::vector<std::string>& ids, const BodyLimits& limits = {}) {
  const Ids encoding({framing, false, "application/json"});
  const std::vector<Alert> all = alerts_of(ids);
  std::vector<Body> out;
  size_t next = 0;
  for (const Message& message : bodies(encoding, framing, all, limits)) {
    EXPECT_EQ(message.alerts.data(), all.data() + next) << "messages hold all alerts, in order";
    next += message.alerts.size();
    out.push_back({message.body, message.alerts.size()});
  }
  EXPECT_EQ(next, all.size());
  return out;
}

using Bodies = std::vector<Body>;

TEST(Framing, Messages) {
  EXPECT_EQ(cut(Framing::Lines, {}), Bodies{});
  EXPECT_EQ(cut(Framing::Lines, {"a", "b"}), (Bodies{{"a\nb\n", 2}}));
  EXPECT_EQ(cut(Framing::Array, {"a", "b"}), (Bodies{{"[\na,\nb\n]\n", 2}}));
  EXPECT_EQ(cut(Framing::Single, {"a", "b"}), (Bodies{{"a", 1}, {"b", 1}}));
}

TEST(Framing, MessagesAreBounded) {
  EXPECT_EQ(cut(Framing::Lines, {"a", "b", "c"}, {2, 100}), (Bodies{{"a\nb\n", 2}, {"c\n", 1}}));
  EXPECT_EQ(cut(Framing::Array, {"a", "b", "c"}, {2, 100}), (Bodies{{"[\na,\nb\n]\n", 2}, {"[\nc\n]\n", 1}}));
  EXPECT_EQ(cut(Framing::Lines, {"aaaa", "bb", "cc"}, {10, 9}), (Bodies{{"aaaa\n", 1}, {"bb\ncc\n", 2}}));
  EXPECT_EQ(cut(Framing::Lines, {"a", "larger than all", "c"}, {10, 9}),
            (Bodies{{"a\n", 1}, {"larger than all\n", 1}, {"c\n", 1}}))
      << "a record that is larger than a body goes alone";
}

TEST(Framing, ContentTypeFollowsTheFraming) {
  const Ids json({Framing::Lines, false, "application/json"});
  const std::vector<Alert> one = alerts_of({"a"});
  EXPECT_EQ(bodies(json, Framing::Lines, one).at(0).content_type, "application/x-ndjson");
  EXPECT_EQ(bodies(json, Framing::Array, one).at(0).content_type, "application/json");
  EXPECT_EQ(bodies(json, Framing::Single, one).at(0).content_type, "application/json");
}

TEST(Framing, WhatAConsumerUnderstands) {
  EXPECT_TRUE(understands({Framing::Lines, false, ""}, Framing::Array));
  EXPECT_TRUE(understands({Framing::Single, true, ""}, Framing::Single));
  EXPECT_FALSE(understands({Framing::Single, true, ""}, Framing::Array));
  EXPECT_FALSE(understands({Framing::Document, true, ""}, Framing::Document));
}

}  // namespace
}  // namespace kubevigil
