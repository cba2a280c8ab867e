#include "engine/run/spool_format.h"

#include "engine/base/limits.h"
#include "engine/run/segment_format.h"

namespace kubevigil {
namespace {

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, limits::kSpoolSourceBytes);
  put_u32(out, static_cast<uint32_t>(text.size()));
  out += text;
}

// Takes numbers and texts off the front; `bad` once there was too little.
struct Taker {
  std::string_view rest;
  bool bad = false;

  std::string_view take(size_t n) {
    bad = bad || rest.size() < n;
    if (bad) return {};
    const std::string_view taken = rest.substr(0, n);
    rest.remove_prefix(n);
    return taken;
  }
  uint32_t u32() {
    const std::string_view bytes = take(4);
    return bad ? 0 : get_u32(bytes, 0);
  }
  uint64_t u64() {
    const std::string_view bytes = take(8);
    return bad ? 0 : get_u64(bytes, 0);
  }
  std::string text() {
    const uint32_t size = u32();
    bad = bad || size > limits::kSpoolSourceBytes;
    return std::string(take(bad ? 0 : size));
  }
};

}  // namespace

std::string encode_block(const SpoolBlock& block) {
  std::string out;
  out.reserve(16 + block.frame.size());
  put_u64(out, block.body);
  put_u32(out, block.index);
  put_u32(out, block.raw_size);
  out += block.frame;
  return out;
}

std::string encode_commit(const SpoolCommit& commit) {
  std::string out;
  put_u64(out, commit.body);
  put_u32(out, commit.blocks);
  put_u64(out, commit.raw_bytes);
  put_u32(out, commit.raw_crc);
  put_u64(out, static_cast<uint64_t>(commit.source.arrival.micros));
  put_text(out, commit.source.cluster);
  put_text(out, commit.source.credential);
  put_text(out, commit.source.peer);
  put_u32(out, commit.raw_size);
  out += commit.frame;
  return out;
}

std::string encode_body_number(uint64_t body) {
  std::string out;
  put_u64(out, body);
  return out;
}

std::optional<SpoolBlock> decode_block(std::string_view payload) {
  Taker in{payload};
  SpoolBlock block;
  block.body = in.u64();
  block.index = in.u32();
  block.raw_size = in.u32();
  block.frame = in.rest;
  if (in.bad || block.raw_size > kSpoolBlockBytes) return std::nullopt;
  return block;
}

std::optional<SpoolCommit> decode_commit(std::string_view payload) {
  Taker in{payload};
  SpoolCommit commit;
  commit.body = in.u64();
  commit.blocks = in.u32();
  commit.raw_bytes = in.u64();
  commit.raw_crc = in.u32();
  commit.source.arrival.micros = static_cast<int64_t>(in.u64());
  commit.source.cluster = in.text();
  commit.source.credential = in.text();
  commit.source.peer = in.text();
  commit.raw_size = in.u32();
  commit.frame = in.rest;
  if (in.bad || commit.raw_size > kSpoolBlockBytes) return std::nullopt;
  return commit;
}

std::optional<uint64_t> decode_body_number(std::string_view payload) {
  Taker in{payload};
  const uint64_t body = in.u64();
  return in.bad ? std::nullopt : std::optional(body);
}

}  // namespace kubevigil
