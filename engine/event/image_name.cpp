#include "engine/event/image_name.h"

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kDockerHub = "docker.io";

bool is_registry(std::string_view component) {
  return component.find_first_of(".:") != component.npos || component == "localhost";
}

}  // namespace

ImageName image_name(std::string_view image) {
  std::string_view path = image.substr(0, image.find('@'));
  const size_t colon = path.rfind(':');
  if (colon != path.npos && path.find('/', colon) == path.npos) path = path.substr(0, colon);

  ImageName name;
  const size_t slash = path.find('/');
  if (slash != path.npos && is_registry(path.substr(0, slash))) {
    name.registry = folded(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  if (name.registry.empty() || name.registry == "index.docker.io") name.registry = kDockerHub;
  const bool official = name.registry == kDockerHub && path.find('/') == path.npos;
  name.repository = name.registry + (official ? "/library/" : "/") + std::string(path);
  return name;
}

}  // namespace kubevigil
