#include "engine/event/splitter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace kubevigil {
namespace {

const std::string kPlainEvent =
    R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"ResponseComplete"})";
const std::string kOther =
    R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"b\"}{","stage":"Panic"})";

// Writes down everything that comes out, one line each.
class Transcript final : public RecordSink {
 public:
  void record(const Piece& piece) override {
    text += fmt::format("@{}:{} {}{}{}", piece.position.offset, piece.position.line,
                        piece.defect == BodyDefect::Oversize ? "oversize " : "", piece.salvaged ? "salvaged " : "",
                        piece.text);
    for (const Wrapper* w = piece.wrapper.get(); w != nullptr; w = w->outer.get()) text += " in " + w->json;
    text += '\n';
    records.emplace_back(piece.text);
  }
  void bad(BadRecord bad) override {
    text += fmt::format("@{}:{} bad {} '{}' {}\n", bad.position.offset, bad.position.line, to_text(bad.reason),
                        bad.message, bad.kept);
    reasons.push_back(bad.reason);
  }
  std::string text;
  std::vector<std::string> records;
  std::vector<BadReason> reasons;
};

const std::string kSorted = R"({"auditID":"c","kind":"Event","level":"Metadata","stage":"Panic"})";

SplitterOptions small() {
  SplitterOptions options;
  options.record_bytes = 400;
  options.streamed_bytes = 4000;
  return options;
}

Transcript split(std::string_view input, size_t step = SIZE_MAX, SplitterOptions options = {}, bool cut_off = false) {
  Transcript out;
  Splitter splitter(out, options);
  for (size_t at = 0; at < input.size(); at += std::min(step, input.size() - at)) {
    splitter.feed(input.substr(at, step));
  }
  splitter.finish(cut_off);
  return out;
}

using Texts = std::vector<std::string>;

TEST(Splitter, ShapesOfInput) {
  const struct {
    const char* name;
    std::string input;
    Texts records;
  } cases[] = {
      {"ndjson", kPlainEvent + "\n" + kOther + "\n", {kPlainEvent, kOther}},
      {"no last line feed", kPlainEvent + "\n" + kOther, {kPlainEvent, kOther}},
      {"crlf, blank lines, bom",
       "\xEF\xBB\xBF" + kPlainEvent + "\r\n\r\n \n" + kOther + " \r\n",
       {kPlainEvent, kOther}},
      {"bom in the middle", kPlainEvent + "\n\xEF\xBB\xBF" + kOther, {kPlainEvent, kOther}},
      {"nul run", std::string(9, '\0') + kPlainEvent + "\n" + std::string(9, '\0') + kOther, {kPlainEvent, kOther}},
      {"record separators", "\x1E" + kPlainEvent + "\n\x1E" + kOther + "\n", {kPlainEvent, kOther}},
      {"concatenated",
       R"({"a":1}{"b":"}"} {"c":[{}]},{"d":{}})",
       {R"({"a":1})", R"({"b":"}"})", R"({"c":[{}]})", R"({"d":{}})"}},
      {"pretty",
       "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ]\n}\n{\n  \"c\": 3\n}\n",
       {"{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ]\n}", "{\n  \"c\": 3\n}"}},
      {"array", "[" + kPlainEvent + ",\n" + kOther + "]", {kPlainEvent, kOther}},
      {"pretty array",
       "[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": 2\n  }\n]\n",
       {"{\n    \"a\": 1\n  }", "{\n    \"b\": 2\n  }"}},
      {"empty lists", R"([] [[],[]] {"kind":"EventList","items":[]})", {}},
      {"event list",
       R"({"kind":"EventList","metadata":{},"items":[{"a":1},{"b":2}],"x":[{"no":1}]})" + kPlainEvent,
       {R"({"a":1})", R"({"b":2})", kPlainEvent}},
      {"list in list",
       R"([{"records":[{"a":1}]},{"records":[{"b":2}]},{"c":3}])",
       {R"({"a":1})", R"({"b":2})", R"({"c":3})"}},
      {"items below the top are no container", R"({"body":{"items":[{"a":1}]}})", {R"({"body":{"items":[{"a":1}]}})"}},
      {"items that is no list", R"({"items":{"a":[1]},"records":3})", {R"({"items":{"a":[1]},"records":3})"}},
      {"elements on lines", "{\"records\": [{ \"a\": 1},\n{ \"b\": 2}\n]}", {"{ \"a\": 1}", "{ \"b\": 2}"}},
      {"text lines",
       "<13>1 host x {}\n2024-05-01T10:00:00Z AUDIT: id=\"1\"\n[info] hello\n" + kPlainEvent,
       {"<13>1 host x {}", "2024-05-01T10:00:00Z AUDIT: id=\"1\"", "[info] hello", kPlainEvent}},
      {"strings in a list", R"(["{\"a\":1}", "x"])", {R"("{\"a\":1}")", R"("x")"}},
      {"text behind a document", R"({"a":1} and more)", {R"({"a":1})", "and more"}},
  };
  for (const auto& c : cases) {
    const Transcript got = split(c.input);
    EXPECT_EQ(got.records, c.records) << c.name << "\n" << got.text;
    EXPECT_TRUE(got.reasons.empty()) << c.name << "\n" << got.text;
  }
}

TEST(Splitter, ContainerMembersBecomeTheWrapper) {
  const Transcript got = split(
      R"({"messageType":"DATA_MESSAGE","logGroup":"/aws/eks/x/cluster","logEvents":[{"id":"1"},{"id":"2"}],"end":1}{"a":1})");
  EXPECT_EQ(got.text,
            "@75:1 {\"id\":\"1\"} in "
            "{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"/aws/eks/x/cluster\",\"logEvents\":null}\n"
            "@86:1 {\"id\":\"2\"} in "
            "{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"/aws/eks/x/cluster\",\"logEvents\":null}\n"
            "@106:1 {\"a\":1}\n");
}

// OTLP, Loki and the others with lists inside lists: each record comes with the members of every container around it.
TEST(Splitter, ContainersInContainers) {
  const struct {
    const char* name;
    std::string input;
    std::string transcript;
  } cases[] = {
      {"otlp",
       R"({"resourceLogs":[{"resource":{"a":[]},"scopeLogs":[{"scope":{},"logRecords":[{"b":1},{"b":2}]},)"
       R"({"logRecords":[{"b":3}]}],"schemaUrl":""}]})",
       R"(@77:1 {"b":1} in {"scope":{},"logRecords":null} in {"resource":{"a":[]},"scopeLogs":null} in {"resourceLogs":null}
@85:1 {"b":2} in {"scope":{},"logRecords":null} in {"resource":{"a":[]},"scopeLogs":null} in {"resourceLogs":null}
@110:1 {"b":3} in {"logRecords":null} in {"resource":{"a":[]},"scopeLogs":null} in {"resourceLogs":null}
)"},
      {"loki push", R"({"streams":[{"stream":{"x":"y"},"values":[["1","a]"],["2","b",{"m":[]}]]}]})",
       R"(@42:1 ["1","a]"] in {"stream":{"x":"y"},"values":null} in {"streams":null}
@53:1 ["2","b",{"m":[]}] in {"stream":{"x":"y"},"values":null} in {"streams":null}
)"},
      {"loki query",
       R"({"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1","a"]]}],"stats":{"values":[1]}}} {"z":1})",
       R"(@84:1 ["1","a"] in {"stream":{},"values":null} in {"status":"success","data":{"resultType":"streams","result":null}}
@122:1 {"z":1}
)"},
      {"list in a cloud event",
       R"({"specversion":"1.0","data":{"kind":"EventList","items":[{"a":1},{"a":2}]},"id":"7"})",
       R"(@57:1 {"a":1} in {"specversion":"1.0","data":{"kind":"EventList","items":null}}
@65:1 {"a":2} in {"specversion":"1.0","data":{"kind":"EventList","items":null}}
)"},
      {"kinesis", R"({"Records":[{"kinesis":{"data":"eA=="}}]})",
       "@12:1 {\"kinesis\":{\"data\":\"eA==\"}} in {\"Records\":null}\n"},
      {"lists of no container",
       R"({"scopeLogs":[1],"values":[["1","a"]],"data":{"x":{"items":[{}]},"values":[2]},"result":[3]})",
       "@0:1 {\"scopeLogs\":[1],\"values\":[[\"1\",\"a\"]],\"data\":{\"x\":{\"items\":[{}]},\"values\":[2]},"
       "\"result\":[3]}\n"},
      {"an event with a shipper's list", R"({"auditID":"a","records":[{"b":1}],"data":{"items":[]}})",
       "@0:1 {\"auditID\":\"a\",\"records\":[{\"b\":1}],\"data\":{\"items\":[]}}\n"},
  };
  for (const auto& c : cases) {
    for (size_t step = 1; step < 40; ++step) EXPECT_EQ(split(c.input, step).text, c.transcript) << c.name;
  }
}

// A container of any size costs the memory of its largest record.
TEST(Splitter, ContainersAreNotBoundedByTheRecord) {
  const struct {
    const char* head;
    const char* record;
    const char* tail;
  } shapes[] = {
      {R"({"items":[)", R"({"a":"x"})", "]}"},
      {R"({"specversion":"1.0","data":{"items":[)", R"({"a":"x"})", "]}}"},
      {R"({"Records":[)", R"({"kinesis":{}})", "]}"},
      {R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)", R"({"body":{}})", "]}]}]}"},
      {R"({"streams":[{"stream":{},"values":[)", R"(["1","x"])", "]}]}"},
      {R"({"data":{"result":[{"values":[)", R"(["1","x"])", "]}]}}"},
  };
  for (const auto& shape : shapes) {
    std::string input = shape.head;
    for (size_t i = 0; i < 1000; ++i) input += std::string(i > 0 ? ",\n" : "") + shape.record;
    input += shape.tail;
    const Transcript got = split(input + "\n" + kPlainEvent, 100, small());
    ASSERT_EQ(got.records.size(), 1001u) << shape.head;
    EXPECT_EQ(got.records[999], shape.record);
    EXPECT_EQ(got.records[1000], kPlainEvent);
    EXPECT_TRUE(got.reasons.empty()) << shape.head;
  }
}

TEST(Splitter, PositionsAreExact) {
  const Transcript got = split("\n\n" + kPlainEvent + "\r\n{\n \"a\": 1\n}\nline\n" + kOther);
  const auto size = kPlainEvent.size();
  EXPECT_EQ(got.text, fmt::format("@2:3 {}\n@{}:4 {{\n \"a\": 1\n}}\n@{}:7 line\n@{}:8 {}\n", kPlainEvent, size + 4,
                                  size + 16, size + 21, kOther));
}

TEST(Splitter, TornLines) {
  const std::string half = kPlainEvent.substr(0, 70);  // inside the level
  const std::string in_string = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","user":{"us)";
  const std::string after_list = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","sourceIPs":[)";
  const std::string after_comma = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","user":{},)";
  const std::string after_brace = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","user":{"extra":{}})";
  for (const std::string& torn : {half, in_string, after_list, after_comma, after_brace}) {
    const Transcript next = split(kPlainEvent + "\n" + torn + "\n" + kOther + "\n" + kPlainEvent + "\n");
    if (torn != after_brace) {  // that one looks whole to the fast path; the reader cuts it again
      EXPECT_EQ(next.records, (Texts{kPlainEvent, kOther, kPlainEvent})) << next.text;
      EXPECT_EQ(next.reasons, (std::vector{BadReason::Torn})) << next.text;
    }
    SplitterOptions slow;
    slow.native_lines = false;
    const Transcript cut_again =
        split(kPlainEvent + "\n" + torn + "\n" + kOther + "\n" + kPlainEvent + "\n", SIZE_MAX, slow);
    EXPECT_EQ(cut_again.records, (Texts{kPlainEvent, kOther, kPlainEvent})) << cut_again.text;
    EXPECT_EQ(cut_again.reasons, (std::vector{BadReason::Torn})) << cut_again.text;
    const Transcript glued = split(kPlainEvent + "\n" + torn + kOther + "\n" + kPlainEvent + "\n", SIZE_MAX, slow);
    EXPECT_EQ(glued.records, (Texts{kPlainEvent, kOther, kPlainEvent})) << glued.text;
    EXPECT_EQ(glued.reasons, (std::vector{BadReason::Torn})) << glued.text;
    EXPECT_NE(glued.text.find(":2 salvaged {"), std::string::npos) << glued.text;
    const Transcript hole = split(torn + std::string(50, '\0') + kOther + "\n", SIZE_MAX, slow);
    EXPECT_EQ(hole.records, (Texts{kOther})) << hole.text;
    const Transcript at_end = split(kPlainEvent + "\n" + torn, SIZE_MAX, slow, true);
    EXPECT_EQ(at_end.reasons, (std::vector{BadReason::CutOff})) << at_end.text;
  }
}

TEST(Splitter, OtherTornDocuments) {
  const struct {
    const char* name;
    std::string input;
    Texts records;
  } cases[] = {
      {"any compact line",
       "{\"insertId\":\"x\",\"a\":[\n{\"insertId\":\"y\"}\n{\"insertId\":\"z\"}\n",
       {R"({"insertId":"y"})", R"({"insertId":"z"})"}},
      {"pretty, then pretty", "{\n  \"a\": [\n{\n  \"b\": 1\n}\n", {"{\n  \"b\": 1\n}"}},
      {"pretty, in a string", "{\n  \"a\": \"xy\n{\n  \"b\": 1\n}\n", {"{\n  \"b\": 1\n}"}},
      {"element of a list",
       "[\n{\"a\":1},\n{\"b\":\"x\n{\"c\":3}\n]\n{\"d\":4}\n",
       {R"({"a":1})", R"({"c":3})", R"({"d":4})"}},
      {"glued to one of its kind",
       "{\"log\":\"x\",\"stre{\"log\":\"y\",\"stream\":1}\n{\"log\":\"z\"}\n",
       {R"({"log":"y","stream":1})", R"({"log":"z"})"}},
      {"list without its end",
       "{\"records\":[{\"a\":1},{\"b\":2}\n{\"records\":[{\"c\":3}]}\n",
       {R"({"a":1})", R"({"b":2})", R"({"c":3})"}},
  };
  for (const auto& c : cases) {
    const Transcript got = split(c.input);
    EXPECT_EQ(got.records, c.records) << c.name << "\n" << got.text;
    EXPECT_EQ(got.reasons, (std::vector{BadReason::Torn})) << c.name << "\n" << got.text;
  }
}

TEST(Splitter, LargeRecordsLoseTheirBodies) {
  const std::string big(1000, 'x');
  const std::string head = R"({"kind":"Event","auditID":"a","stage":"Panic")";
  const std::string tail = R"(,"annotations":{"k":"v"}})";
  const std::string expected = head + tail;
  const std::string body = R"({"data":")" + big + R"(","list":[{"a":"}"}]})";
  for (const std::string& input : {
           head + R"(,"requestObject":)" + body + tail,
           head + R"(,"requestObject":)" + body + R"(,"responseObject":)" + body + tail,
           head + R"(,"requestObject": ")" + big + R"(" ,"responseObject":[1,2])" + tail,
           head + R"(,"requestObject":)" + body + R"(,"requestObject":null,"responseObject":7)" + tail,
       }) {
    for (const size_t step : {1, 10, 333, 100'000}) {
      const Transcript got = split(input + "\n" + kPlainEvent + "\n", step, small());
      EXPECT_EQ(got.records, (Texts{expected, kPlainEvent})) << got.text;
      EXPECT_NE(got.text.find("oversize"), std::string::npos);
      EXPECT_TRUE(got.text.find(fmt::format("@{}:2", input.size() + 1)) != std::string::npos) << got.text;
    }
  }
  const std::string first = R"({"requestObject":)" + body + R"(,"auditID":"a"})";
  EXPECT_EQ(split(first, 7, small()).records, (Texts{R"({"auditID":"a"})"}));
}

// What cannot be made short enough: its head is handed on, and the reader makes of it what it can.
TEST(Splitter, TooLongRecordsAreSteppedOver) {
  const std::string big(1000, 'x');
  const struct {
    std::string input;
    bool head;
  } cases[] = {
      {R"({"kind":"Event","auditID":")" + big + "\"}\n", true},                            // no body to drop
      {R"({"log":"{\"kind\":\"Event\",\"a\":\")" + big + "\\\"}\"}\n", true},              // the body is in a string
      {"text " + big + "\n", true},                                                        //
      {R"({"kind":"Event","requestObject":")" + std::string(9000, 'x') + "\"}\n", false},  // beyond streamed_bytes
      {R"({"kind":"Event","a":"b"c)" + big + "\n", false},                                 // torn
  };
  for (const auto& c : cases) {
    for (const size_t step : {1, 10, 333, 100'000}) {
      const Transcript got = split(c.input + kPlainEvent + "\n", step, small());
      ASSERT_EQ(got.records.size(), c.head ? 2u : 1u) << got.text;
      EXPECT_EQ(got.records.back(), kPlainEvent);
      EXPECT_EQ(got.reasons.size(), c.head ? 0u : 1u) << got.text;
      if (!c.head) continue;
      EXPECT_EQ(got.records[0], c.input.substr(0, 100));
      EXPECT_NE(got.text.find("oversize"), std::string::npos);
    }
  }
}

std::vector<std::string> nasty_inputs() {
  const std::string big(700, 'y');
  return {
      "\xEF\xBB\xBF" + kPlainEvent + "\r\n" + kOther + "\n\n" + kPlainEvent.substr(0, 50) + kOther + "\n" + kPlainEvent,
      "\xEF\xBB" + kPlainEvent + "\n",
      R"({"annotations":{"a":"}"},"kind":"Event"})" + ("\r\n" + kSorted) + "\n" + kSorted + kPlainEvent + "\n{\"annot",
      kPlainEvent + kOther + "\n" + kPlainEvent + " junk\n{\"kind\":\"Ev\n",
      "[" + kPlainEvent + "," + kOther + ",3,\"s\\\"t\",null,[1,{}]]\n" + kPlainEvent,
      R"({"messageType":"DATA_MESSAGE","logEvents":[{"id":"1"},{"id":"2"}],"x":{"records":[1]},"events":[{"e":1}]})" +
          kPlainEvent,
      "{\n \"kind\": \"EventList\",\n \"items\": [\n  {\n   \"a\": \"\\\\\"\n  }\n "
      "]\n}\n{\n\"z\":\n[\n{\n\"b\":1\n}\n]\n}",
      R"({"kind":"Event","auditID":"a","requestObject":{"d":")" + big + R"("},"stage":"x","responseObject":")" + big +
          "\"}\n" + kPlainEvent,
      R"({"kind":"Event","auditID":")" + big + "\",\n" + kPlainEvent + "\n",
      R"({"kind":"Event","auditID":"a","requestObject":{"d":")" + big + "\n" + kPlainEvent + "\n",
      "[info] x\n<3> y\n]\n}\n" + kPlainEvent + std::string(20, '\0') + kOther + std::string(3, '\0'),
      "{\"records\":[{\"a\":1},{\"b\":\"" + big + "\n" + kPlainEvent + "\n]}\n" + kOther,
      R"({"a":"\\"}{"b":"\"\\\""}{"c":"\u005c"}{)",
      std::string("{\"a\":\"x\0y\"}\n", 12) + kPlainEvent + "\n",
      "{\"items\":[" + std::string(600, ' ') + "{\"a\":1}" + std::string(600, ' ') + "],\"q\":\"" + big + "\"}\n" +
          kPlainEvent,
      "[[[[[[[[[[1]]]]]]]]]]" + kPlainEvent,
      R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"b":1},{"b":")" + big +
          R"("},{"b":3}]}]},{"scopeLogs":[{)" + kPlainEvent,
      R"({"streams":[{"stream":{},"values":[["1","a]}"],["2",")" + big + "\"],[\"3\",\n\"c\"]]},{\"values\":[[\"4\n" +
          kPlainEvent,
      R"({"data":{"result":[{"values":[["1","a"]]}],"requestObject":{}},"data":{"items":[{"a":1}]},"items":[2]})" +
          kPlainEvent,
      // The bound is passed inside the key of a body; then the body breaks.
      R"({"kind":"Event","x":1,)" + std::string(300, ' ') + R"("requestObject":{"a":")" + big + "\"}}\n" + kPlainEvent,
      R"({"kind":"Event","x":1,")" + big + big + "\n" + kPlainEvent,
      R"({"kind":"Event","x":")" + std::string(372, 'z') + R"(","requestObject":{~"a":"b"}})" + "\n" + kPlainEvent +
          "\n",
  };
}

// The result depends on the bytes, never on how they arrive.
TEST(Splitter, PieceSizesMeanNothing) {
  for (const std::string& input : nasty_inputs()) {
    for (const bool native : {true, false}) {
      for (const bool cut_off : {true, false}) {
        SplitterOptions options = small();
        options.native_lines = native;
        const std::string whole = split(input, SIZE_MAX, options, cut_off).text;
        for (size_t step = 1; step <= input.size(); step += step < 70 ? 1 : 41) {
          ASSERT_EQ(split(input, step, options, cut_off).text, whole) << "step " << step << " of\n" << input;
        }
      }
    }
  }
}

// Random bytes from an alphabet of trouble: any way of feeding them gives the same, and good lines around survive.
TEST(Splitter, RandomTrouble) {
  const std::string_view pieces[] = {"{",
                                     "}",
                                     "[",
                                     "]",
                                     "\"",
                                     ",",
                                     ":",
                                     "\\",
                                     "\n",
                                     "\r\n",
                                     " ",
                                     "1",
                                     "\"items\":[",
                                     "{\"streams\":[{\"values\":[[\"1\",",
                                     "\"data\":{",
                                     "\"a\":",
                                     "{\"kind\":\"Event\",",
                                     std::string_view("\0", 1),
                                     "\xEF\xBB\xBF",
                                     "text",
                                     "\"requestObject\":",
                                     "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}"};
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    std::string input;
    const size_t count = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i) input += pieces[random() % std::size(pieces)];
    SplitterOptions options = small();
    options.record_bytes = 60;
    options.native_lines = random() % 2 == 0;
    const std::string whole = split(input, SIZE_MAX, options).text;
    for (const size_t step : {1, 2, 3, 5, 17}) {
      ASSERT_EQ(split(input, step, options).text, whole) << "seed " << seed << " step " << step << " of\n" << input;
    }
  }
}

// What takes the place of a comma makes the member in front of the bound no body: found by fuzzing.
TEST(Splitter, ABodyIsOnlyBehindASeparator) {
  for (size_t pad = 330; pad < 420; ++pad) {
    const std::string input =
        "[{\"x\":\"" + std::string(pad, 'x') + "\"\xD4\"requestObject\":{\"" + std::string("\0", 1) + "tus\":{}]";
    const std::string whole = split(input, SIZE_MAX, small()).text;
    for (const size_t step : {1, 7}) ASSERT_EQ(split(input, step, small()).text, whole) << pad << " step " << step;
  }
}

}  // namespace
}  // namespace kubevigil
