// Encoding: the connector interface of alert formats. An encoding turns alerts into bytes and knows nothing of where
// they go. Implemented under outputs/, one file each; used by engine/app. One thread; no errors.
#pragma once

#include <memory>
#include <string>

#include "engine/alert/alert.h"

namespace kubevigil {

// How the text will be shown.
struct EncodingOptions {
  bool color = false;
  size_t width = 0;  // columns of the terminal; 0: no limit
};

class Encoding {
 public:
  virtual ~Encoding() = default;
  // Each appends to `out`; begin() and end() stand around the whole output, even when it holds no alert.
  virtual void begin(std::string& out) = 0;
  virtual void alert(const Alert& alert, std::string& out) = 0;
  virtual void end(std::string& out) = 0;
};

}  // namespace kubevigil
