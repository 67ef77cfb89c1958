// SPDX-License-Identifier: Apache-2.0
#include "registry/pull.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/new_layer.h"
#include "image/reference.h"
#include "image/store_index.h"
#include "image/store_writer.h"
#include "registry/client.h"
#include "registry/download.h"
#include "registry/endpoint.h"
#include "registry/network_error.h"

namespace stack::registry {
namespace {

using image::BlobRef;
using image::Manifest;

/// As docker has it.
constexpr std::size_t layers_at_once = 3;

/// What there is to fetch.
struct Found {
  std::string asked_digest;  ///< of the first document
  std::string manifest_bytes;
  Manifest manifest;
  std::string config;
  std::vector<std::string> diff_ids;
  std::vector<std::string> chains;
};

Found look_up(RepositoryClient& client, const std::string& reference,
              const std::optional<image::Platform>& platform) {
  FetchedManifest fetched = client.manifest(reference);
  Found found;
  found.asked_digest = fetched.digest;
  auto either = image::parse_manifest(fetched.bytes, fetched.media_type);
  if (const auto* index = std::get_if<image::ManifestIndex>(&either)) {
    const auto& item = image::choose_platform(*index, platform.value_or(image::host_platform()));
    fetched = client.manifest(item.manifest.digest);
    if (fetched.bytes.size() != item.manifest.size)
      fail("manifest {} has another size than its index says", item.manifest.digest);
    either = image::parse_single_manifest(fetched.bytes);
  }
  found.manifest_bytes = std::move(fetched.bytes);
  found.manifest = std::get<Manifest>(std::move(either));
  found.config = client.document(found.manifest.config);
  image::check_config(found.config, found.manifest, platform);
  found.diff_ids = image::parse_config_document(found.config).diff_ids;
  found.chains = image::chain_ids(found.diff_ids);
  return found;
}

/// The layers that the store does not have, by several threads. The first failure ends the others.
class LayerFetch {
 public:
  LayerFetch(const image::StorePaths& paths, RepositoryClient& client, const Found& found,
             const PullRequest& request)
      : paths_(paths),
        client_(client),
        found_(found),
        request_(request),
        unfinished_(paths, found.manifest.config.digest) {}

  void run() {
    unfinished_.expect(found_.chains);
    std::vector<std::thread> threads;
    const std::size_t count = std::min(layers_at_once, found_.chains.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    for (auto& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
  }
  const image::UnfinishedImage& unfinished() const { return unfinished_; }

 private:
  void work() {
    try {
      for (std::size_t i = next_++; i < found_.chains.size() && !is_over_; i = next_++) fetch(i);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      is_over_ = true;
    }
  }
  void fetch(std::size_t number) {
    const BlobRef& layer = found_.manifest.layers[number];
    const std::string& chain = found_.chains[number];
    if (unfinished_.has(chain)) return tell(layer, LayerState::exists);
    tell(layer, LayerState::fetching);
    during("layer " + layer.digest, [&] {
      const ScratchDirectory scratch = image::begin_layer(paths_);
      auto unpacked = image::unpack_new_layer(
          download(client_, layer, is_over_), scratch.path() / "tree",
          number == 0 ? image::LayerPlace::bottom : image::LayerPlace::above_others);
      image::NewLayer& made = unpacked.layer;
      if (made.diff_id != found_.diff_ids[number])
        fail("unpacked it is {}, the image's config says {}", made.diff_id,
             found_.diff_ids[number]);
      made.record.origin = {client_.registry() + "/" + client_.repository(), layer.media_type,
                            layer.digest, layer.size};
      unfinished_.put(chain, made);
    });
    tell(layer, LayerState::complete);
  }
  void tell(const BlobRef& layer, LayerState state) {
    const std::lock_guard lock(mutex_);
    if (request_.on_layer) request_.on_layer(layer, state);
  }

  const image::StorePaths& paths_;
  RepositoryClient& client_;
  const Found& found_;
  const PullRequest& request_;
  image::UnfinishedImage unfinished_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> is_over_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

/// A name that it can be found by from now on, "repository:tag" or "repository@digest". As docker
/// has it, "repository:tag@digest" is the latter: what the tag means is not for it to say.
void add_name(image::ForeignImage& image, const image::Reference& name) {
  if (!name.digest.empty())
    image.digests.push_back(image::canonical({name.registry, name.repository, "", name.digest}));
  else
    image.names.push_back(image::canonical({name.registry, name.repository, name.tag, ""}));
}

image::Image put_together(const image::StorePaths& paths, const image::Reference& name,
                          const image::Reference& asked, const Found& found) {
  const std::string repository = name.registry + "/" + name.repository;
  image::ForeignImage foreign{.config = found.config,
                              .manifest = found.manifest_bytes,
                              .names = {},
                              .digests = {repository + "@" + found.asked_digest},
                              .pulled = std::chrono::system_clock::now()};
  add_name(foreign, name);
  // An alias: who asks for it again means this image.
  if (asked != name) add_name(foreign, asked);
  std::vector<image::NewLayer> layers;
  for (const auto& diff_id : found.diff_ids) layers.push_back({"", diff_id, {}});
  return image::commit_foreign_image(paths, foreign, layers);
}

Pulled pull_from(image::ImageStore& store, RepositoryClient& client, const image::Reference& name,
                 const PullRequest& request) {
  const image::StorePaths paths{store.root()};
  const Found found =
      look_up(client, name.digest.empty() ? name.tag : name.digest, request.platform);
  const std::string canonical = image::canonical(name);
  const auto before = store.find(canonical);
  LayerFetch fetch(paths, client, found, request);
  fetch.run();
  Pulled pulled{put_together(paths, name, image::parse_reference(request.name), found), canonical,
                found.asked_digest, true};
  fetch.unfinished().drop();
  pulled.is_new = !before || before->id != pulled.image.id;
  return pulled;
}

/// What to do without a network: what there is may do.
std::string offline_hint(const image::ImageStore& store, const image::Reference& name) {
  std::vector<std::string> similar;
  for (const auto& image : store.list()) {
    for (const auto& other : image.names) {
      const auto reference = image::parse_reference(other);
      if (reference.repository == name.repository) similar.push_back(image::familiar(reference));
    }
  }
  const std::string load = "`stack image load` takes an image from a file";
  return similar.empty()
             ? load
             : fmt::format("local images of that name: {}; {}", join(similar, ", "), load);
}

}  // namespace

Surroundings surroundings_from_environment() {
  return {CredentialStore::from_environment(), registries_conf_from_environment()};
}

Pulled pull_image(image::ImageStore& store, const PullRequest& request,
                  const Surroundings& surroundings) {
  const auto name = image::parse_reference(without_alias(request.name, surroundings.conf));
  const auto endpoints = endpoints_for(name, surroundings.conf);
  return during("pulling " + image::familiar(name), [&] {
    for (std::size_t i = 0;; ++i) {
      const Endpoint& endpoint = endpoints[i];
      const bool is_last = i + 1 == endpoints.size();
      try {
        RepositoryClient client(endpoint, surroundings.credentials.find(endpoint.registry),
                                Access::pull);
        return pull_from(store, client, name, request);
      } catch (NetworkError& error) {
        if (is_last) throw error.with_hint(offline_hint(store, name));
      } catch (const NoTrust&) {
        if (is_last) throw;
      } catch (const Refusal&) {
        // A mirror need not have everything.
        if (is_last) throw;
      }
    }
  });
}

std::string resolve_digest(const std::string& name, const Surroundings& surroundings) {
  const auto reference = image::parse_reference(without_alias(name, surroundings.conf));
  if (!reference.digest.empty()) return reference.digest;
  const Endpoint endpoint = endpoint_of_registry(reference, surroundings.conf);
  return during("looking up the digest of " + printable(name), [&] {
    RepositoryClient client(endpoint, surroundings.credentials.find(endpoint.registry),
                            Access::pull);
    return client.manifest(reference.tag).digest;
  });
}

std::vector<std::string> list_tags(const std::string& name, const Surroundings& surroundings) {
  const auto reference = image::parse_reference(without_alias(name, surroundings.conf));
  const Endpoint endpoint = endpoint_of_registry(reference, surroundings.conf);
  return during("listing tags of " + printable(name), [&] {
    RepositoryClient client(endpoint, surroundings.credentials.find(endpoint.registry),
                            Access::pull);
    return client.tags();
  });
}

}  // namespace stack::registry
