// The resources that Kubernetes itself serves (https://kubernetes.io/docs/reference/kubernetes-api/, 1.34), with their
// groups, subresources and verbs: what requests there can be at all. Custom resources are not in it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kubevigil {

enum class ApiVerbs : uint8_t {
  All,
  Create,  // reviews: nothing is stored
  Read,    // nothing can be written
};

struct ApiResource {
  std::string_view group;     // "" is the core group
  std::string_view resource;  // in the plural
  bool namespaced = true;
  std::string_view subresources = {};  // joined by spaces
  ApiVerbs verbs = ApiVerbs::All;
};

std::span<const ApiResource> api_resources();
const ApiResource* find_api_resource(std::string_view group, std::string_view resource);

// Verbs of requests for a resource; of `subresource` of it unless that is empty.
std::span<const std::string_view> api_verbs(const ApiResource& resource, std::string_view subresource);
// All verbs of requests for resources.
std::span<const std::string_view> resource_verbs();
// HTTP methods, which are the verbs of other requests.
std::span<const std::string_view> path_verbs();
// Paths that an API server answers outside its resources.
std::span<const std::string_view> api_paths();

}  // namespace kubevigil
