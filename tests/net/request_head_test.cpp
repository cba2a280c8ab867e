// The request header as tables of raw bytes: what is understood, what is refused and with which status.
#include "engine/net/request_head.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kubevigil {
namespace {

constexpr size_t kHeaders = 10;
const std::string kHost = "Host: x\r\n";

TEST(RequestHead, Understood) {
  const auto head = parse_request_head(
      "POST /k8s-audit/prod?timeout=30s HTTP/1.1\r\nHost: 10.0.0.1:9443\r\nUser-Agent: Go-http-client/1.1\r\n"
      "Content-Length: 17\r\nAuthorization: Bearer  abc \r\nAccept-Encoding:gzip\r\nEmpty:\r\n\r\n",
      kHeaders);
  ASSERT_TRUE(head) << head.error().what;
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->path, "/k8s-audit/prod");
  EXPECT_EQ(head->query, "timeout=30s");
  EXPECT_EQ(head->content_length, 17u);
  EXPECT_FALSE(head->chunked);
  EXPECT_TRUE(head->keep_alive);
  EXPECT_EQ(only_header(head->headers, "AUTHORIZATION"), "Bearer  abc");
  EXPECT_EQ(only_header(head->headers, "empty"), "");
  EXPECT_EQ(head->headers.size(), 6u);
}

TEST(RequestHead, KeepAliveAndBodies) {
  struct Row {
    std::string text;
    bool keep_alive, has_body, chunked, expects;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\n" + kHost, true, false, false, false},
      {"GET / HTTP/1.1\r\nConnection: close\r\n" + kHost, false, false, false, false},
      {"GET / HTTP/1.1\r\nConnection: foo, CLOSE\r\n" + kHost, false, false, false, false},
      {"GET / HTTP/1.0\r\n", false, false, false, false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", false, false, false, false},
      {"POST / HTTP/1.1\r\nContent-Length: 0\r\n" + kHost, true, false, false, false},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kHost, true, true, true, false},
      {"POST / HTTP/1.1\r\ntransfer-encoding:\tChunked \r\n" + kHost, true, true, true, false},
      {"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n" + kHost, true, true, false, true},
      {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n", false, true, false, false},
      {"POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n" + kHost, true, true, false, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const auto head = parse_request_head(row.text + "\r\n", kHeaders);
    ASSERT_TRUE(head) << head.error().what;
    EXPECT_EQ(head->keep_alive, row.keep_alive);
    EXPECT_EQ(head->has_body(), row.has_body);
    EXPECT_EQ(head->chunked, row.chunked);
    EXPECT_EQ(head->expects_continue, row.expects);
  }
}

TEST(RequestHead, Refused) {
  const std::string get = "GET / HTTP/1.1\r\n" + kHost;
  const std::pair<std::string, int> rows[] = {
      // Smuggling forms.
      {get + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
      {get + "Content-Length: 5\r\nContent-Length: 5\r\n", 400},
      {get + "Content-Length: 5\r\nContent-Length: 6\r\n", 400},
      {get + "Content-Length: 5, 5\r\n", 400},
      {get + "Content-Length: +5\r\n", 400},
      {get + "Content-Length: -5\r\n", 400},
      {get + "Content-Length: 0x5\r\n", 400},
      {get + "Content-Length: 5 5\r\n", 400},
      {get + "Content-Length: 5;\r\n", 400},
      {get + "Content-Length: \r\n", 400},
      {get + "Content-Length: 18446744073709551616\r\n", 400},
      {get + "Transfer-Encoding: gzip, chunked\r\n", 400},
      {get + "Transfer-Encoding: chunked, chunked\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
      {get + "Transfer-Encoding: identity\r\n", 400},
      {get + "Transfer-Encoding: xchunked\r\n", 400},
      {get + "Transfer-Encoding: \"chunked\"\r\n", 400},
      {get + "Transfer-Encoding: chunked;q=1\r\n", 400},
      {get + "Transfer-Encoding: \x0b"
             "chunked\r\n",
       400},
      {get + "Transfer-Encoding:\r\n chunked\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400},
      {get + "Content-Length : 5\r\n", 400},
      {get + "Transfer-Encoding : chunked\r\n", 400},
      {get + " Content-Length: 5\r\n", 400},
      {get + "X: a\r\n\tb\r\n", 400},
      {get + "X: a\nContent-Length: 5\r\n", 400},
      {get + "X: a\rContent-Length: 5\r\n", 400},
      {get + "X: a\r\r\n", 400},
      {get + std::string("X: a\0b\r\n", 8), 400},
      {get + "X: a\x01"
             "b\r\n",
       400},
      {get + "X\x80: a\r\n", 400},
      {get + "X(: a\r\n", 400},
      {get + ": a\r\n", 400},
      {get + "no colon\r\n", 400},
      // Host.
      {"GET / HTTP/1.1\r\n", 400},
      {get + "Host: y\r\n", 400},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", 400},
      // Request line.
      {"GET  / HTTP/1.1\r\n" + kHost, 400},
      {"GET /\r\n" + kHost, 400},
      {"GET / HTTP/1.1 \r\n" + kHost, 505},
      {"GET / HTTP/2.0\r\n" + kHost, 505},
      {"GET / HTTP/0.9\r\n" + kHost, 505},
      {"GET / http/1.1\r\n" + kHost, 505},
      {"PRI * HTTP/2.0\r\n", 505},
      {"G@T / HTTP/1.1\r\n" + kHost, 400},
      {" GET / HTTP/1.1\r\n" + kHost, 400},
      {"\r\nGET / HTTP/1.1\r\n" + kHost, 400},
      {"GET http://x/ HTTP/1.1\r\n" + kHost, 400},
      {"OPTIONS * HTTP/1.1\r\n" + kHost, 400},
      {"CONNECT x:443 HTTP/1.1\r\n" + kHost, 400},
      {"GET /\x80 HTTP/1.1\r\n" + kHost, 400},
      {"GET /a\tb HTTP/1.1\r\n" + kHost, 400},
      {"GET", 400},
      {"", 400},
      {"\x16\x03\x01\x02", 400},
      // Limits and expectations.
      {get + "A:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\nF:1\r\nG:1\r\nH:1\r\nI:1\r\nJ:1\r\n", 431},
      {get + "Expect: 200-maybe\r\n", 417},
      {get + "Expect: 100-continue\r\nExpect: 100-continue\r\n", 417},
  };
  for (const auto& [text, status] : rows) {
    const auto head = parse_request_head(text + "\r\n", kHeaders);
    ASSERT_FALSE(head) << text;
    EXPECT_EQ(head.error().status, status) << text << ": " << head.error().what;
  }
}

}  // namespace
}  // namespace kubevigil
