#include "engine/run/spool_format.h"

#include "engine/base/limits.h"
#include "engine/run/record_bytes.h"

namespace kubevigil {
namespace {

std::string_view cut(std::string_view text) { return text.substr(0, limits::kSpoolSourceBytes); }

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
  put_text(out, cut(commit.source.cluster));
  put_text(out, cut(commit.source.credential));
  put_text(out, cut(commit.source.peer));
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
  RecordBytes in{payload};
  SpoolBlock block;
  block.body = in.u64();
  block.index = in.u32();
  block.raw_size = in.u32();
  block.frame = in.rest;
  if (in.bad || block.raw_size > kSpoolBlockBytes) return std::nullopt;
  return block;
}

std::optional<SpoolCommit> decode_commit(std::string_view payload) {
  RecordBytes in{payload};
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
  const size_t longest =
      std::max({commit.source.cluster.size(), commit.source.credential.size(), commit.source.peer.size()});
  if (in.bad || commit.raw_size > kSpoolBlockBytes || longest > limits::kSpoolSourceBytes) return std::nullopt;
  return commit;
}

std::optional<uint64_t> decode_body_number(std::string_view payload) {
  RecordBytes in{payload};
  const uint64_t body = in.u64();
  return in.bad ? std::nullopt : std::optional(body);
}

}  // namespace kubevigil
