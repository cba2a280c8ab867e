# Script mode: cmake -DROOT=<source dir> -DOUTPUT=<file.cpp> -P embed.cmake
# Writes every *.yaml below ROOT/detections into one C++ source as raw string literals, sorted by path, so that
# the program needs no file beside it. Raw literals end at `)kvpack"`; a file that holds that text is refused.
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/detections/*.yaml)
list(SORT files)
list(LENGTH files count)
set(rows "")
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} text)
  string(FIND "${text}" ")kvpack\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${file} holds the end mark of the embedding: )kvpack\"")
  endif()
  string(APPEND rows "    {\"${file}\", R\"kvpack(${text})kvpack\"sv},\n")
endforeach()
set(source "// Made by engine/app/embed_pack.cmake from detections/; do not edit.
#include \"engine/app/pack.h\"

namespace kubevigil {

using namespace std::string_view_literals;  // which know their length; counting it is too much for a constant

std::span<const PackFile> pack_files() {
  static constexpr PackFile kFiles[] = {
${rows}  };
  return kFiles;
}

}  // namespace kubevigil
")
file(WRITE ${OUTPUT} "${source}")
message(STATUS "embedded ${count} files of detections/")
