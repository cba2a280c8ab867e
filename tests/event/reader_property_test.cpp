// The reader against a slow and obvious extraction: the whole event as a JsonTree, each field by its path. Over the
// corpus, and over generated events with shuffled members.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "engine/event/tree_path.h"
#include "tests/event/read_event.h"
#include "tests/support/corpus.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

// The table's name as a path: "user.groups" is user, groups.
std::vector<PathSegment> path_of(std::string_view name) {
  std::vector<PathSegment> path;
  for (size_t dot = 0; dot != name.npos; name = dot == name.npos ? name : name.substr(dot + 1)) {
    dot = name.find('.');
    path.push_back({std::string(name.substr(0, dot)), std::nullopt});
  }
  return path;
}

void show(const Value& v, std::string& out) {
  out += std::to_string(static_cast<int>(v.type)) + ":" + std::string(v.text) + "\n";
}

std::string slow_map(const JsonTree& tree, uint32_t node) {
  std::string out;
  for (uint32_t c = tree.child(node); c != JsonNode::kNone; c = tree[c].next) {
    std::vector<Value> values;
    append_values(tree, c, values);
    for (const Value& v : values) {
      out += std::string(tree[c].key) + "=";
      show(v, out);
    }
  }
  return out;
}

std::string slow(const JsonTree& tree, const FieldInfo& info) {
  std::vector<uint32_t> nodes;
  walk_path(tree, tree.root(), path_of(info.name), nodes);
  std::string out = nodes.empty() ? "" : "present\n";
  for (const uint32_t node : nodes) {
    if (info.shape == FieldShape::Map) {
      out += slow_map(tree, node);
    } else if (info.shape == FieldShape::Tree) {
      out += to_text(tree, node);
    } else {
      std::vector<Value> values;
      append_values(tree, node, values);
      for (const Value& v : values) show(v, out);
    }
  }
  return out;
}

std::string fast(const Event& event, const FieldInfo& info) {
  if (info.shape == FieldShape::Tree) {
    if (event.raw(info.id).empty()) return "";
    JsonTree tree;
    EXPECT_TRUE(tree.parse(event.raw(info.id)));
    return "present\n" + to_text(tree, tree.root());
  }
  std::string out = event.present(info.id) ? "present\n" : "";
  if (info.shape == FieldShape::Map) {
    for (const MapEntry& e : event.entries(info.id)) {
      out += std::string(e.key) + "=";
      show(e.value, out);
    }
    return out;
  }
  for (const Value& v : event.values(info.id)) show(v, out);
  return out;
}

// 1 when the record is an audit event, 0 when not; compares all envelope fields and bodies.
int compare(ReadEvent& reader, std::string_view record, const std::string& where) {
  if (!reader.read(record)) return 0;
  JsonTree tree;
  EXPECT_TRUE(tree.parse(record)) << where;
  for (const FieldInfo& info : field_table()) {
    if (info.origin != FieldOrigin::Envelope && info.origin != FieldOrigin::Body) continue;
    EXPECT_EQ(fast(reader.event, info), slow(tree, info)) << info.name << " of " << where;
  }
  return 1;
}

TEST(ReaderProperty, CorpusEqualsSlowExtraction) {
  SKIP_WITHOUT_CORPUS("real");
  ReadEvent reader;
  int events = 0;
  for (const auto& entry : fs::recursive_directory_iterator(test::corpus() / "real")) {
    std::ifstream in(entry.path());
    size_t number = 0;
    for (std::string line; entry.is_regular_file() && std::getline(in, line);) {
      events += compare(reader, line, entry.path().filename().string() + ":" + std::to_string(++number));
    }
  }
  EXPECT_GT(events, 17'000);
}

// An object with members in random order, some missing, some twice, some of a wrong type.
class Shuffled {
 public:
  explicit Shuffled(uint64_t seed) : random_(seed) {}

  std::string event() {
    std::vector<std::string> members = {
        member("kind", text()),
        member("level", text()),
        member("verb", text()),
        member("requestURI", text()),
        member("userAgent", text()),
        member("user", user()),
        member("impersonatedUser", user()),
        member("sourceIPs", list()),
        member("objectRef", reference()),
        member("responseStatus", R"({"code":)" + scalar() + R"(,"details":{"kind":"x"}})"),
        member("stageTimestamp", text()),
        member("annotations", map()),
        member("requestObject", body()),
        member("unknown", body())};
    members.resize(members.size() - pick(4));
    if (pick(4) == 0) members.push_back(member("user", user()));
    if (pick(4) == 0) members.push_back(member("annotations", map()));
    members.push_back(R"("auditID":"a")");
    members.push_back(R"("stage":"ResponseComplete")");
    return object(std::move(members));
  }

 private:
  size_t pick(size_t n) { return static_cast<size_t>(random_() % n); }
  std::string space() { return std::string(pick(3), " \n\t"[pick(3)]); }

  std::string object(std::vector<std::string> members) {
    std::shuffle(members.begin(), members.end(), random_);
    std::string out = "{";
    for (size_t i = 0; i < members.size(); ++i) out += (i > 0 ? "," : "") + space() + members[i] + space();
    return out + "}";
  }
  std::string member(std::string_view key, const std::string& value) {
    return "\"" + std::string(key) + "\":" + space() + value;
  }
  std::string text() {
    static constexpr std::array<const char*, 6> kTexts = {"get", "a\\u0026b", "\\ud83d\\ude00",
                                                          "",    "\\\"\\\\",  "\xC3\xA9"};
    return "\"" + std::string(kTexts[pick(kTexts.size())]) + "\"";
  }
  std::string scalar() {
    static constexpr std::array<const char*, 6> kOthers = {"null", "true", "5", "-1.5e3", "1e999", "{}"};
    return pick(3) > 0 ? text() : kOthers[pick(kOthers.size())];
  }
  std::string list() {
    std::string out = "[";
    for (size_t n = pick(4); n > 0; --n) out += scalar() + (n > 1 ? "," : "");
    return pick(6) == 0 ? scalar() : out + "]";
  }
  std::string map() {
    return object({member("authorization.k8s.io/decision", text()), member("k", list()), member("k", list())});
  }
  std::string user() {
    return object(
        {member("username", scalar()), member("groups", list()), member("extra", map()), member("x", body())});
  }
  std::string reference() {
    return object({member("resource", text()), member("name", scalar()), member("subresource", text())});
  }
  std::string body() {
    static constexpr std::array<const char*, 4> kBodies = {R"({"requestReceivedTimestamp":"no","a":[1,{"}":"{"}]})",
                                                           R"([{"op":"add"}])", "7", R"("\"stage\":\"x\"")"};
    return kBodies[pick(kBodies.size())];
  }

  std::mt19937_64 random_;
};

TEST(ReaderProperty, ShuffledEventsEqualSlowExtraction) {
  ReadEvent reader;
  for (uint64_t seed = 1; seed <= 5000 && !testing::Test::HasFailure(); ++seed) {
    const std::string record = Shuffled(seed).event();
    EXPECT_EQ(compare(reader, record, "seed " + std::to_string(seed) + "\n" + record), 1) << "seed " << seed << record;
  }
}

// Any bytes at all: no crash, and what is read again gives the same.
TEST(ReaderProperty, DamagedRecordsAreReadTheSameTwice) {
  ReadEvent first, second;
  int read = 0, defects = 0;
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string record = Shuffled(seed).event();
    for (uint64_t n = random() % 4; n > 0 && !record.empty(); --n) {
      const size_t at = random() % record.size();
      switch (random() % 4) {
        case 0:
          record[at] = static_cast<char>(random());
          break;
        case 1:
          record.erase(at, 1);
          break;
        case 2:
          record.insert(at, 1, "{}[]\",:\\"[random() % 8]);
          break;
        default:
          record.resize(at + 1);
          break;
      }
    }
    const auto a = first.read(record);
    const auto b = second.read(record);
    ASSERT_EQ(a.has_value(), b.has_value()) << "seed " << seed;
    if (!a) {
      EXPECT_LE(a.error().offset, record.size()) << "seed " << seed;
      EXPECT_EQ(a.error().message, b.error().message) << "seed " << seed;
      continue;
    }
    ++read;
    defects += first.event.defect != BodyDefect::None ? 1 : 0;
    EXPECT_EQ(event_digests(first.event).identity, event_digests(second.event).identity) << "seed " << seed;
    for (const FieldInfo& info : field_table()) {
      if (info.origin == FieldOrigin::Internal) continue;
      const FieldRef field{
          info.id, info.shape == FieldShape::Map ? std::vector{PathSegment{"k", {}}} : std::vector<PathSegment>{}};
      EXPECT_EQ(ReadEvent::show(first.lookup.values(field)), ReadEvent::show(second.lookup.values(field)))
          << "seed " << seed;
    }
  }
  EXPECT_GT(read, 3000);
  EXPECT_GT(defects, 5);
}

}  // namespace
}  // namespace kubevigil
