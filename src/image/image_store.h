// SPDX-License-Identifier: Apache-2.0
// Images on disk. Each is content-addressed: layers/<chain id>/ holds an unpacked, read-only tree
// (its sizes beside it in <chain id>.json), blobs/sha256/ OCI configs and manifests, tags.json the
// images and their names. Whatever is half-made has a name starting with ".tmp." and is removed by
// the next writer. One lock serialises writers; readers need none.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stack::image {

/// HEALTHCHECK. What is zero is left to whoever runs it.
struct ImageHealthcheck {
  std::vector<std::string> test;  ///< {"CMD", ...}, {"CMD-SHELL", "..."} or {"NONE"}
  std::chrono::nanoseconds interval{0};
  std::chrono::nanoseconds timeout{0};
  std::chrono::nanoseconds start_period{0};
  std::chrono::nanoseconds start_interval{0};
  std::uint64_t retries = 0;
  bool operator==(const ImageHealthcheck&) const = default;
};

/// The part of an OCI image config that a container inherits.
struct ImageConfig {
  std::vector<std::string> command;
  std::vector<std::string> entrypoint;
  std::vector<std::string> environment;  ///< KEY=VALUE
  std::string user;
  std::string working_dir;
  std::string stop_signal;
  std::vector<std::string> volumes;        ///< VOLUME paths
  std::vector<std::string> exposed_ports;  ///< "80/tcp"
  std::map<std::string, std::string> labels;
  std::optional<ImageHealthcheck> healthcheck;
  std::vector<std::string> on_build;  ///< ONBUILD: instructions for images made from this one
  std::vector<std::string> shell;     ///< SHELL, for builds; empty: /bin/sh -c
  bool operator==(const ImageConfig&) const = default;
};

struct Image {
  std::string id;                  ///< "sha256:" + digest of the config
  std::vector<std::string> names;  ///< canonical: "docker.io/library/postgres:15"
  /// Of registries: "docker.io/library/postgres@sha256:..."
  std::vector<std::string> digests = {};
  std::chrono::system_clock::time_point pulled = {};  ///< when last; the epoch: never
  ImageConfig config;
  std::vector<std::filesystem::path>
      layers;              ///< unpacked directories, uppermost first (overlay order)
  std::uint64_t size = 0;  ///< bytes of all files
  std::chrono::system_clock::time_point created;
};

class ImageStore {
 public:
  explicit ImageStore(std::filesystem::path root);

  /// By name ("postgres", "postgres:15", "docker.io/library/postgres:15"), id or unique id prefix.
  /// Reads three small documents and nothing of the trees. Throws Error when a prefix fits several
  /// images, or when `reference` can be neither a name nor an id.
  std::optional<Image> find(const std::string& reference) const;
  /// All of them, newest first; untagged ones have no names.
  std::vector<Image> list() const;

  /// A new image whose single layer is `source`: a directory, or a tar archive (plain, gzip, zstd,
  /// xz, bzip2; "-" = standard input). `changes` are Dockerfile instructions as `docker import
  /// --change` takes (see changes.h). Durable when it returns; on any failure nothing is left. A
  /// name that existed moves to the new image; when it stands for the very same content and config
  /// already, that image stays as it is. An empty name makes an untagged image. `note` gets a line
  /// for each thing left out (sockets). An empty `comment` says where it comes from.
  Image import(const std::string& source, const std::string& name,
               const std::vector<std::string>& changes,
               const std::function<void(const std::string&)>& note = {},
               const std::string& comment = {});

  /// What a container has made of its image.
  struct Commit {
    std::string base;               ///< id of the container's image
    int upper;                      ///< the container's writable directory; open
    std::set<std::string> ignored;  ///< `scaffolding` of tree_changes()
    std::string name;               ///< of the new image; empty: none
    ImageConfig config;             ///< what its containers shall inherit
    std::string author;
    std::string comment;
    std::string created_by;  ///< the command whose work it was, for the history
  };
  /// A new image: the layers of `base` and one more for what is different in `upper`. Without any
  /// difference no layer is added. `upper` may change meanwhile. Durable when it returns; on any
  /// failure, or when killed, nothing is left that the next writer does not remove. Throws Error
  /// also when the base image is gone.
  Image commit(const Commit& commit);

  struct Removed {
    std::vector<std::string> untagged;
    std::vector<std::string> deleted;  ///< ids and layers
  };
  /// Removes the name; the image and layers with it when it was the last one. Throws Error when
  /// there is no such image, or when `in_use` (image ids) has it and force is off. An image that is
  /// in use only loses its names when forced: files are never taken from under a container.
  Removed remove(const std::string& reference, const std::vector<std::string>& in_use, bool force);

  /// Removes whole images by id, whatever they are called.
  Removed remove_all(const std::vector<std::string>& ids);

  /// Gives the image that `reference` means a further name. Throws Error when there is none, or
  /// when `name` is no name.
  void tag(const std::string& reference, const std::string& name);

  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace stack::image
