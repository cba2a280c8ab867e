# The built-in detections: every YAML file below detections/ becomes part of the program (cmake/embed.cmake).
file(GLOB_RECURSE pack_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/detections/*.yaml)
set(pack_source ${CMAKE_BINARY_DIR}/generated/pack_data.cpp)
add_custom_command(
  OUTPUT ${pack_source}
  COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DOUTPUT=${pack_source} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${pack_files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  COMMENT "Embedding detections/"
  VERBATIM)
target_sources(kv_app PRIVATE ${pack_source})
