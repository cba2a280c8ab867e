# The built-in detections: every YAML file below detections/ becomes part of the program (engine/app/embed_pack.cmake).
file(GLOB_RECURSE pack_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/detections/*.yaml)
set(pack_source ${CMAKE_BINARY_DIR}/generated/pack_data.cpp)
# Not part of a batch of sources (CMAKE_UNITY_BUILD): lint, which builds nothing, reads the batches.
set_source_files_properties(${pack_source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
add_custom_command(
  OUTPUT ${pack_source}
  COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DOUTPUT=${pack_source} -P ${CMAKE_SOURCE_DIR}/engine/app/embed_pack.cmake
  DEPENDS ${pack_files} ${CMAKE_SOURCE_DIR}/engine/app/embed_pack.cmake
  COMMENT "Embedding detections/"
  VERBATIM)
target_sources(kv_app PRIVATE ${pack_source})
