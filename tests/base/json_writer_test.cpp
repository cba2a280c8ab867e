#include "engine/base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace kubevigil {
namespace {

TEST(JsonWriter, CommasAndNesting) {
  JsonWriter json;
  json.begin_object().member("a", 1).member("b", "x\"y\n").key("c").begin_array().value(true).value(1.5).end_array();
  json.key("d").begin_object().end_object().key("e").begin_array().begin_object().end_object().begin_object();
  json.end_object().end_array().end_object();
  EXPECT_EQ(json.text(), R"({"a":1,"b":"x\"y\u000a","c":[true,1.5],"d":{},"e":[{},{}]})");
}

TEST(JsonWriter, NumbersAndOptionalMembers) {
  JsonWriter json;
  json.begin_object().member("whole", 3.0).member("inf", std::numeric_limits<double>::infinity());
  json.member("big", std::numeric_limits<uint64_t>::max()).member("neg", -5);
  json.optional("none", "").optional("some", "s").optional("list", std::vector<std::string>{}).end_object();
  EXPECT_EQ(json.text(), R"({"whole":3,"inf":null,"big":18446744073709551615,"neg":-5,"some":"s"})");
}

TEST(JsonWriter, IllFormedUtf8IsReplaced) {
  JsonWriter json;
  json.value(
      "a\xFF"
      "b");
  EXPECT_EQ(json.text(),
            "\"a\xEF\xBF\xBD"
            "b\"");
}

}  // namespace
}  // namespace kubevigil
