#include "engine/net/url.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(Url, Parts) {
  struct Row {
    const char *text, *authority, *target;
    bool tls;
    uint16_t port;
  };
  const Row rows[] = {
      {"https://example.org", "example.org", "/", true, 443},
      {"http://Example.ORG/a?b=c", "example.org", "/a?b=c", false, 80},
      {"HTTPS://h:8443/", "h:8443", "/", true, 8443},
      {"https://h:443/x", "h", "/x", true, 443},
      {"http://h?q", "h", "/?q", false, 80},
      {"http://127.0.0.1:9200/_bulk", "127.0.0.1:9200", "/_bulk", false, 9200},
      {"https://[fd00::1]/", "[fd00::1]", "/", true, 443},
      {"https://[::1]:99/", "[::1]:99", "/", true, 99},
  };
  for (const Row& row : rows) {
    const auto url = parse_url(row.text);
    ASSERT_TRUE(url) << row.text << ": " << url.error().message;
    EXPECT_EQ(url->authority(), row.authority) << row.text;
    EXPECT_EQ(url->target, row.target) << row.text;
    EXPECT_EQ(url->tls, row.tls) << row.text;
    EXPECT_EQ(url->port, row.port) << row.text;
  }
}

TEST(Url, Refused) {
  const std::string long_one = "http://h/" + std::string(5000, 'a');
  for (const std::string text : {"",
                                 "h",
                                 "ftp://h/",
                                 "//h/",
                                 "http:///x",
                                 "http://",
                                 "https://user:pw@h/",
                                 "http://h:/",
                                 "http://h:0/",
                                 "http://h:65536/",
                                 "http://h:+80/",
                                 "http://h:80x/",
                                 "http://[::1/",
                                 "http://[::1]x/",
                                 "http://[h]/",
                                 "http://a b/",
                                 "http://h/\r\nX: y",
                                 "http://h/#f",
                                 "http://h\x7f/",
                                 "http://h\xc3\xa9/",
                                 long_one.c_str()}) {
    const auto url = parse_url(text);
    EXPECT_FALSE(url) << text;
    if (!url && text.find("pw") != std::string::npos) {
      EXPECT_EQ(url.error().message.find("pw"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kubevigil
