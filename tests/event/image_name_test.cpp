#include "engine/event/image_name.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(ImageName, AsTheContainerRuntimesReadIt) {
  struct Row {
    const char *image, *registry, *repository;
  };
  for (const Row& row : {
           Row{"nginx", "docker.io", "docker.io/library/nginx"},
           Row{"nginx:1.27", "docker.io", "docker.io/library/nginx"},
           Row{"acme/tool", "docker.io", "docker.io/acme/tool"},
           Row{"index.docker.io/nginx:1", "docker.io", "docker.io/library/nginx"},
           Row{"docker.io/library/nginx", "docker.io", "docker.io/library/nginx"},
           Row{"registry.k8s.io/pause:3.9", "registry.k8s.io", "registry.k8s.io/pause"},
           Row{"REGISTRY.k8s.io/pause@sha256:abc", "registry.k8s.io", "registry.k8s.io/pause"},
           Row{"localhost/x", "localhost", "localhost/x"},
           Row{"localhost:5000/x:y", "localhost:5000", "localhost:5000/x"},
           Row{"host:5000/x", "host:5000", "host:5000/x"},
           Row{"a/b/c:1@sha256:abc", "docker.io", "docker.io/a/b/c"},
           Row{"docker.io.evil.example/library/nginx", "docker.io.evil.example",
               "docker.io.evil.example/library/nginx"},
           Row{"", "docker.io", "docker.io/library/"},
           Row{"/", "docker.io", "docker.io//"},
       }) {
    const ImageName name = image_name(row.image);
    EXPECT_EQ(name.registry, row.registry) << row.image;
    EXPECT_EQ(name.repository, row.repository) << row.image;
  }
}

}  // namespace
}  // namespace kubevigil
