// ImageName: the parts of a container image's name that say where it comes from. Pure function, any bytes.
//
//   image      = [ registry "/" ] path [ ":" tag ] [ "@" digest ]
//   registry   = a first component with a "." or a ":" in it, or "localhost"
//
// (github.com/distribution/reference, normalize.go: without a registry it is docker.io, and there a path of one
// component is below library/; index.docker.io is docker.io.) Registries are compared without case by their hosts, so
// they are given in lower case; paths keep what was written.
#pragma once

#include <string>
#include <string_view>

namespace kubevigil {

struct ImageName {
  std::string registry;    // "docker.io", "registry.k8s.io", "localhost:5000"
  std::string repository;  // with the registry, without tag and digest: "docker.io/library/nginx"
};

ImageName image_name(std::string_view image);

}  // namespace kubevigil
