// The reader of compact JSON against the general one: which records it takes, and that it says the same of them; over
// records that were changed at random, and over the corpus.
#include "engine/event/compact_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "engine/event/json_block.h"
#include "tests/support/corpus.h"
#include "tests/support/read_both_ways.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;
using Random = std::mt19937_64;

size_t drawn(Random& random, size_t n) { return static_cast<size_t>(random() % n); }

const char* const kWrite =
    R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"1d945b10","stage":"ResponseComplete",)"
    R"("requestURI":"/api/v1/namespaces/a/pods?x=1\u0026y=2","verb":"create","user":{"username":"system:node:ip-10-21",)"
    R"("uid":"u","groups":["system:nodes","system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":)"
    R"(["X509SHA256=5c7d"],"empty":[],"one":"two"}},"impersonatedUser":{"username":"bob","groups":[]},)"
    R"("sourceIPs":["10.21.36.32","::1"],"userAgent":"kubelet/v1.31.8 (linux/arm64) kubernetes/17f14a2",)"
    R"("objectRef":{"resource":"pods","namespace":"a","name":"p","apiVersion":"v1","subresource":"exec"},)"
    R"("responseStatus":{"metadata":{"a":[{}]},"status":"Failure","details":{"kind":"pods"},"code":403},)"
    R"("requestObject":{"kind":"Pod","spec":{"containers":[{"image":"a\"}]{","args":["\\","}"]}],"n":-1.5e3}},)"
    R"("responseObject":{"requestReceivedTimestamp":"x","annotations":{"authorization.k8s.io/decision":"allow"}},)"
    R"("requestReceivedTimestamp":"2026-01-04T23:59:59.982820Z","stageTimestamp":"2026-01-05T00:00:00.000966Z",)"
    R"("annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: \"x\" of y"}})";
const char* const kRead =
    R"({"level":"Metadata","auditID":"a","stage":"ResponseComplete","verb":"get","user":{"username":"j\u00fcrgen"},)"
    R"("responseStatus":{"code":200},"unknown":{"verb":"delete","a":[1,2,{"b":null}]},"more":null,"annotations":{}})";

CompactRead read(const std::string& record) {
  std::string memory = record + std::string(kRecordPadding, '"'), decoded;
  Event event;
  return read_compact(std::string_view(memory).substr(0, record.size()), decoded, event);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(CompactReader, TakesWhatApiServersWrite) {
  EXPECT_EQ(read(kWrite), CompactRead::Read);
  EXPECT_EQ(read(kRead), CompactRead::Read);
  EXPECT_EQ(read(replaced(kWrite, "\"a\\\"", "\"\xc3\xa9\\\"")), CompactRead::NotAscii);
  EXPECT_EQ(read(replaced(kRead, "Metadata", "M\xc3\xa9tadata")), CompactRead::NotAscii);
  ReadBothWays both;
  for (const char* const record : {kWrite, kRead}) {
    const auto [fastest, general] = both.outcomes(record);
    EXPECT_EQ(fastest, general);
    EXPECT_NE(general.find("ResponseComplete"), general.npos) << general;
  }
}

TEST(CompactReader, LeavesTheRestToTheGeneralReader) {
  const std::pair<const char*, const char*> changes[] = {
      {"\"level\":", "\"level\" :"},                  // white space
      {"\"level\"", "\"l\\u0065vel\""},               // an escape in a key
      {"\"kubelet", "\"kube\tlet"},                   // a control character
      {"\"n\":-1.5e3", "\"n\":\"\n\""},               // ... in a body
      {"\"requestObject\":", "\"responseObject\":"},  // a body that is said twice
      {"\"requestObject\":{\"kind\":", "\"requestObject\":{\"kind\","},
      {"\"code\":403", "\"code\":0403"},
      {"\"verb\":\"create\"", "\"verb\":{}"},
      {"\"groups\":[\"system:nodes\"", "\"groups\":[[]"},
      {"reason\":\"RBAC: \\\"x\\\" of y\"}}", "reason\":\"RBAC\"}"},
      {"reason\":\"RBAC: \\\"x\\\" of y\"}}", "reason\":\"RBAC\"}}}"},
  };
  ReadBothWays both;
  for (const auto& [what, with] : changes) {
    const std::string record = replaced(kWrite, what, with);
    EXPECT_EQ(read(record), CompactRead::GaveUp) << record;
    const auto [fastest, general] = both.outcomes(record);
    EXPECT_EQ(fastest, general) << record;
  }
}

// Whatever stands behind it: a record that is cut anywhere is no record.
TEST(CompactReader, TakesNothingFromBehindTheRecord) {
  ReadBothWays both;
  for (const std::string_view record : {kWrite, kRead}) {
    for (size_t length = 1; length < record.size(); ++length) {
      const std::string cut(record.substr(0, length));
      ASSERT_EQ(read(cut), CompactRead::GaveUp) << cut;
      for (size_t i = 0; i < ReadBothWays::kBehind.size(); ++i) {
        const auto [fastest, general] = both.outcomes(cut);
        ASSERT_EQ(fastest, general) << cut;
      }
    }
  }
}

// Bytes that mean something are put in, taken out and moved about, as pieces of the record are.
std::string changed(Random& random, std::string text) {
  static const std::string kPalette =
      "{}[],:\"\"\"\\\\ \n\t\x01"
      "0u-eé\xff";
  for (size_t n = 1 + drawn(random, 4); n > 0; --n) {
    const size_t at = drawn(random, text.size());
    const size_t length = drawn(random, random() % 4 == 0 ? 200 : 6);
    switch (drawn(random, 4)) {
      case 0:
        text.insert(at, 1, kPalette[drawn(random, kPalette.size())]);
        break;
      case 1:
        text[at] = kPalette[drawn(random, kPalette.size())];
        break;
      case 2:
        text.erase(at, length);
        break;
      default:
        text.insert(drawn(random, text.size()), text.substr(at, length));
    }
    if (text.empty()) text = "{";
  }
  return text;
}

// Whole members at other places, some twice, some without white space and some with it.
std::string reordered(Random& random) {
  static const std::vector<std::string> kMembers = {R"("level":"Metadata")",
                                                    R"("auditID":"a\\\"")",
                                                    R"("stage":"Panic")",
                                                    R"("verb":null)",
                                                    R"("verb":12.5)",
                                                    R"("sourceIPs":[])",
                                                    R"("sourceIPs":"1")",
                                                    R"("user":null)",
                                                    R"("user":{})",
                                                    R"("requestObject":[])",
                                                    R"("responseObject":{})",
                                                    R"("requestObject":{"a":{"b":"}"}})",
                                                    R"("requestObject":null)",
                                                    R"("requestObject":{5})",
                                                    R"("responseObject":{"a":1}})",
                                                    R"("responseObject":[{"a":]})",
                                                    R"("x":{"y":[true]})",
                                                    R"("x":"\ud800")",
                                                    R"("annotations":{"a":"b","a":["c",1,null]})",
                                                    R"("requestObject":"s")",
                                                    R"("objectRef":{"name":"n","resource":"r"})",
                                                    R"("user":{"extra":{"k":[[]]}})"};
  std::string out = R"({"auditID":"a","stage":"b")";
  for (size_t n = drawn(random, 8); n > 0; --n) out += "," + kMembers[drawn(random, kMembers.size())];
  return out + "}";
}

TEST(CompactReader, SaysTheSameOfAnyRecord) {
  ReadBothWays both;
  for (const uint64_t seed : test_seeds(30'000)) {
    Random random(seed);
    const size_t kind = drawn(random, 5);
    std::string record = kind == 0 ? kRead : kind < 3 ? kWrite : reordered(random);
    if (kind != 4) record = changed(random, record);
    const auto [fastest, general] = both.outcomes(record);
    ASSERT_EQ(fastest, general) << "seed " << seed << "\n" << record;
  }
}

TEST(CompactReader, SaysTheSameOfTheCorpus) {
  SKIP_WITHOUT_CORPUS("real");
  ReadBothWays both;
  size_t taken = 0;
  for (const auto& entry : fs::recursive_directory_iterator(test::corpus() / "real")) {
    std::ifstream in(entry.path());
    for (std::string line; entry.is_regular_file() && std::getline(in, line);) {
      const auto [fastest, general] = both.outcomes(line);
      ASSERT_EQ(fastest, general) << entry.path() << "\n" << line;
      taken += read(line) == CompactRead::GaveUp ? 0 : 1;
    }
  }
  EXPECT_GT(taken, 10'000u);
}

TEST(CompactReader, AllKernelsFindTheSameEnd) {
  for (const uint64_t seed : test_seeds(20'000)) {
    Random random(seed);
    std::string text = random() % 2 == 0 ? "{" : "[";
    static constexpr std::string_view kBytes = "{}[]\"\\ a\n\xc3";
    for (size_t n = drawn(random, 300), odds = 2 + drawn(random, 40); n > 0; --n) {
      text += drawn(random, odds) == 0 ? kBytes[drawn(random, kBytes.size())] : random() % 9 == 0 ? '{' : 'x';
      if (random() % 8 == 0) text += '}';
    }
    const std::string memory = text + std::string(JsonBlock::kBytes, '}');
    const std::string_view view = std::string_view(memory).substr(0, text.size());
    bool expected_wide = false;
    const size_t expected = container_end_kernels().front()(view, expected_wide);
    size_t depth = 0, slow = std::string_view::npos;  // byte by byte
    bool inside = false, broken = false;
    for (size_t i = 0; i < text.size() && slow == std::string_view::npos && !broken; ++i) {
      broken = inside && static_cast<unsigned char>(text[i]) < 0x20;
      if (text[i] == '\\') {
        i += i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\') ? 1 : 0;
      } else if (text[i] == '"') {
        inside = !inside;
      } else if (!inside && (text[i] == '{' || text[i] == '[')) {
        ++depth;
      } else if (!inside && (text[i] == '}' || text[i] == ']') && --depth == 0) {
        slow = i + 1;
      }
    }
    ASSERT_EQ(expected, broken ? std::string_view::npos : slow) << "seed " << seed << "\n" << text;
    for (const ContainerEndKernel kernel : container_end_kernels()) {
      bool wide = false;
      ASSERT_EQ(kernel(view, wide), expected) << "seed " << seed << "\n" << text;
      ASSERT_EQ(wide, expected_wide) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace kubevigil
