// SPDX-License-Identifier: Apache-2.0
#include "registry/push.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/archive_pipe.h"
#include "image/byte_source.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/layer_stream.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/store_index.h"
#include "image/store_writer.h"
#include "registry/client.h"
#include "registry/endpoint.h"
#include "registry/gzip.h"

namespace stack::registry {
namespace {

using image::BlobRef;
using nlohmann::ordered_json;

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";

struct Layer {
  std::string diff_id;
  std::string chain;
  image::LayerRecord record;
};

class Push {
 public:
  Push(const image::StorePaths& paths, RepositoryClient& client, const PushRequest& request)
      : paths_(paths), client_(client), request_(request) {}

  Pushed run(const image::IndexEntry& entry, const std::string& tag) {
    const std::string config = read_file(paths_.blob(entry.id));
    std::vector<BlobRef> sent;
    for (const Layer& layer : layers_of(config)) sent.push_back(send(layer));
    put_document(entry.id, config);
    auto [manifest, type] = manifest_for(entry, config, sent);
    client_.put_manifest(tag, type, manifest);
    return {image::digest_of(manifest), manifest.size()};
  }

 private:
  std::vector<Layer> layers_of(const std::string& config) const {
    const auto diff_ids = image::parse_config_document(config).diff_ids;
    const auto chains = image::chain_ids(diff_ids);
    std::vector<Layer> layers;
    for (std::size_t i = 0; i < chains.size(); ++i)
      layers.push_back({diff_ids[i], chains[i], image::read_layer_record(paths_, chains[i])});
    return layers;
  }

  BlobRef send(const Layer& layer) {
    const auto& origin = layer.record.origin;
    if (origin) {
      const BlobRef known{origin->media_type, origin->digest, origin->size};
      if (client_.has_blob(known.digest)) return tell(layer, known, PushState::exists);
      if (is_mounted(*origin)) return tell(layer, known, PushState::mounted);
    }
    const BlobRef blob = upload(layer);
    image::set_origin(
        paths_, layer.chain,
        {client_.registry() + "/" + client_.repository(), blob.media_type, blob.digest, blob.size});
    return tell(layer, blob, PushState::pushed);
  }
  bool is_mounted(const image::LayerOrigin& origin) {
    const std::string here = client_.registry() + "/";
    return origin.repository.starts_with(here) &&
           client_.mount_blob(origin.digest, origin.repository.substr(here.size()));
  }

  /// Compressed while it is sent: it is nowhere as a whole.
  BlobRef upload(const Layer& layer) {
    BlobRef blob{layer_type, "", 0};
    image::Sha256 sum;
    image::through_pipe(
        [&](const image::TarSink& sink) {
          Gzip gzip(sink);
          image::write_layer_stream(paths_, layer.chain, layer.diff_id,
                                    [&](std::string_view bytes) { gzip.add(bytes); });
          gzip.finish();
        },
        [&](int compressed) {
          const auto bytes = image::watched(image::bytes_of_file(compressed), [&](auto piece) {
            sum.add(piece);
            blob.size += piece.size();
          });
          client_.upload_blob(bytes, [&] { return blob.digest = sum.digest(); });
        });
    return blob;
  }
  BlobRef tell(const Layer& layer, BlobRef blob, PushState state) {
    if (request_.on_layer) request_.on_layer(layer.diff_id, state);
    return blob;
  }

  void put_document(const std::string& digest, const std::string& bytes) {
    if (client_.has_blob(digest)) return;
    bool is_sent = false;
    client_.upload_blob(
        [&]() -> std::string_view {
          return std::exchange(is_sent, true) ? std::string_view{} : std::string_view(bytes);
        },
        [&] { return digest; });
  }

  /// The image's own, where it names exactly what the registry has now.
  std::pair<std::string, std::string> manifest_for(const image::IndexEntry& entry,
                                                   const std::string& config,
                                                   const std::vector<BlobRef>& sent) const {
    std::string own = read_file(paths_.blob(entry.manifest));
    const auto parsed = image::parse_single_manifest(own);
    const bool is_same =
        std::equal(parsed.layers.begin(), parsed.layers.end(), sent.begin(), sent.end(),
                   [](const BlobRef& a, const BlobRef& b) { return a.digest == b.digest; });
    if (is_same) {
      const auto type = ordered_json::parse(own).value("mediaType", std::string(manifest_type));
      return {std::move(own), type};
    }
    const auto described = [](const BlobRef& blob) {
      // One manifest speaks one language; the blobs are the same in both.
      const bool is_zstd = blob.media_type.ends_with("zstd");
      return ordered_json{{"mediaType", is_zstd ? blob.media_type : layer_type},
                          {"digest", blob.digest},
                          {"size", blob.size}};
    };
    ordered_json root = {
        {"schemaVersion", 2},
        {"mediaType", manifest_type},
        {"config", {{"mediaType", config_type}, {"digest", entry.id}, {"size", config.size()}}},
        {"layers", ordered_json::array()}};
    for (const BlobRef& blob : sent) root["layers"].push_back(described(blob));
    return {root.dump(), manifest_type};
  }

  const image::StorePaths& paths_;
  RepositoryClient& client_;
  const PushRequest& request_;
};

}  // namespace

Pushed push_image(image::ImageStore& store, const PushRequest& request,
                  const Surroundings& surroundings) {
  const image::StorePaths paths{store.root()};
  const auto name = image::parse_reference(request.name);
  if (!name.digest.empty()) fail("an image is pushed by a tag, not by a digest");
  const auto index = image::read_index(paths).value_or(image::Index{});
  const auto* entry = image::find_entry(index, image::canonical(name));
  if (entry == nullptr)
    throw Error(fmt::format("no image is called {}", image::familiar(name)))
        .with_hint("`stack image tag IMAGE NAME` gives it that name");
  const Endpoint endpoint = endpoint_of_registry(name, surroundings.conf);
  return during("pushing " + image::familiar(name), [&] {
    RepositoryClient client(endpoint, surroundings.credentials.find(endpoint.registry),
                            Access::push);
    const Pushed pushed = Push(paths, client, request).run(*entry, name.tag);
    image::add_digest(paths, entry->id,
                      name.registry + "/" + name.repository + "@" + pushed.digest);
    return pushed;
  });
}

void log_in(const std::string& registry, const Credentials& credentials,
            const Surroundings& surroundings) {
  const Endpoint endpoint = endpoint_of_registry({registry, "login", "", ""}, surroundings.conf);
  during("logging in to " + registry, [&] {
    RepositoryClient(endpoint, credentials, Access::pull).check_login();
    surroundings.credentials.keep(registry, credentials);
  });
}

std::string registry_name(const std::string& text) {
  std::string name = text;
  for (const char* scheme : {"https://", "http://"}) {
    if (name.starts_with(scheme)) name.erase(0, std::string_view(scheme).size());
  }
  name = name.substr(0, name.find('/'));
  if (name.empty() || name == "index.docker.io") return std::string(image::default_registry);
  if (image::parse_reference(name + "/x").registry == name) return name;
  throw Error(fmt::format("{} is no registry", stack::quoted(text)))
      .with_hint("HOST[:PORT], as in localhost:5000")
      .with_exit_code(ExitCode::usage);
}

}  // namespace stack::registry
