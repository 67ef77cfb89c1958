// SPDX-License-Identifier: Apache-2.0
#include "image/image_store.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/scratch.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/store_index.h"
#include "scratch_fixture.h"
#include "tar_builder.h"

namespace stack::image {
namespace {

using Strings = std::vector<std::string>;

class Images : public test::InScratch {
 protected:
  Images() : store(path("images")) {
    write("tree/bin/app", "#!/bin/sh\n");
    write("tree/etc/conf", "x");
  }
  std::string error_of(const std::function<void()>& work) {
    try {
      work();
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  }
  Image import_file(const std::string& content, const std::string& name) {
    write("t.tar", test::TarBuilder().file("f", content).bytes());
    return store.import(path("t.tar"), name, {});
  }
  Strings layer_names() const { return list_directory(path("images/layers")); }

  ImageStore store;
};

TEST_F(Images, AreFoundByNameIdAndPrefix) {
  const Image made = store.import(path("tree"), "app:1", {"CMD [\"/bin/app\"]"});
  EXPECT_EQ(made.names, Strings{"docker.io/library/app:1"});
  for (const std::string& reference :
       {std::string("app:1"), std::string("docker.io/library/app:1"), made.id, made.id.substr(7),
        made.id.substr(0, 19), made.id.substr(7, 4)}) {
    const auto found = store.find(reference);
    ASSERT_TRUE(found) << reference;
    EXPECT_EQ(found->id, made.id);
    EXPECT_EQ(found->config.command, Strings{"/bin/app"});
    EXPECT_EQ(found->size, 11U);
    EXPECT_EQ(test::tree_text(found->layers.at(0)), test::tree_text(path("tree")));
  }
  EXPECT_FALSE(store.find("app"));
  EXPECT_FALSE(store.find("other:1"));
  EXPECT_FALSE(ImageStore(path("nowhere")).find("app"));
}

TEST_F(Images, AreOciDocumentsUnderTheirDigests) {
  const Image made = store.import(path("tree"), "app", {"ENV A=1", "VOLUME /data"});
  const std::string bytes = read("images/blobs/sha256/" + made.id.substr(7));
  EXPECT_EQ("sha256:" + made.id.substr(7), digest_of(bytes));
  const auto config = nlohmann::json::parse(bytes);
  EXPECT_EQ(config["config"].dump(), R"({"Env":["A=1"],"Volumes":{"/data":{}}})");
  EXPECT_EQ(config["os"], "linux");
  const std::string diff_id = config["rootfs"]["diff_ids"][0];
  EXPECT_EQ(made.layers.at(0), path("images/layers/" + hex_of(diff_id)));
  for (const std::string& name : list_directory(path("images/blobs/sha256"))) {
    const auto blob = nlohmann::json::parse(read("images/blobs/sha256/" + name));
    if (blob.contains("schemaVersion")) {
      EXPECT_EQ(blob["config"]["digest"], made.id);
      EXPECT_EQ(blob["layers"][0]["digest"], diff_id);
    }
  }
}

TEST_F(Images, AreFoundByTheDigestOfTheirManifest) {
  const Image made = store.import(path("tree"), "app", {});
  const auto tags = nlohmann::json::parse(read("images/tags.json"));
  const std::string manifest = tags["images"][0]["manifest"];
  EXPECT_EQ(store.find("app@" + manifest).value().id, made.id);
  EXPECT_FALSE(store.find("other@" + manifest));
}

TEST(ImageIndex, RefusesAnAmbiguousPrefix) {
  const std::string one = "sha256:ab1" + std::string(61, '0');
  const std::string two = "sha256:ab2" + std::string(61, '0');
  const Index index = {{one, one, {"docker.io/library/abc:latest"}}, {two, two, {}}};
  EXPECT_EQ(find_entry(index, "ab1")->id, one);
  EXPECT_EQ(find_entry(index, "sha256:ab2")->id, two);
  EXPECT_EQ(find_entry(index, "abc")->id, one) << "a name comes before a prefix";
  EXPECT_EQ(find_entry(index, "abd"), nullptr);
  try {
    find_entry(index, "ab");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "image id \"ab\" is ambiguous: " + one + ", " + two);
  }
}

TEST_F(Images, SaySoWhenTheReferenceCanBeNothing) {
  EXPECT_EQ(error_of([&] { store.find("App"); }),
            "invalid image name \"App\": repository name must be lowercase");
}

TEST_F(Images, KeepAnImageThatIsImportedAgainUnchanged) {
  const Image first = store.import(path("tree"), "app", {});
  EXPECT_EQ(store.import(path("tree"), "app", {}).id, first.id);
  const Image changed = store.import(path("tree"), "app", {"USER 1"});
  EXPECT_NE(changed.id, first.id);
  EXPECT_EQ(changed.layers, first.layers) << "the same content is stored once";
}

TEST_F(Images, MoveANameToTheNewImage) {
  const Image first = import_file("1", "app");
  const Image second = import_file("2", "app");
  EXPECT_EQ(store.find("app").value().id, second.id);
  EXPECT_EQ(store.find(first.id).value().names, Strings{});
  EXPECT_EQ(store.list().size(), 2U);
  EXPECT_EQ(store.list().front().id, second.id) << "newest first";
}

TEST_F(Images, AreImportedFromCompressedArchives) {
  const std::string bytes = test::TarBuilder().file("f", "x").bytes();
  write("a.tar", bytes);
  write("a.tar.gz", test::gzip(bytes));
  write("a.tar.zst", test::zstd(bytes));
  const Image plain = store.import(path("a.tar"), "plain", {});
  EXPECT_EQ(store.import(path("a.tar.gz"), "gz", {}).layers, plain.layers);
  EXPECT_EQ(store.import(path("a.tar.zst"), "zst", {}).layers, plain.layers);
}

TEST_F(Images, LeaveNothingOfAFailedImport) {
  write("bad.tar", test::TarBuilder().file("ok", "x").file("../evil", "x").bytes());
  const std::string text = error_of([&] { store.import(path("bad.tar"), "bad", {}); });
  EXPECT_EQ(text, "importing " + path("bad.tar").native() +
                      ": entry \"../evil\": the name leads out of the layer");
  EXPECT_EQ(layer_names(), Strings{});
  EXPECT_EQ(test::leftovers(path("images")), 0);
  EXPECT_FALSE(store.find("bad"));
  EXPECT_EQ(error_of([&] { store.import(path("none"), "bad", {}); }),
            "importing " + path("none").native() + ": open " + path("none").native() +
                ": No such file or directory");
}

TEST_F(Images, TellWhatADirectoryHadThatAnImageCannotHave) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("tree/s").native().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(listener);
  Strings notes;
  store.import(path("tree"), "app", {}, [&](const std::string& line) { notes.push_back(line); });
  EXPECT_EQ(notes, Strings{"left out: s"});
}

TEST_F(Images, RefuseADirectoryThatHoldsTheStore) {
  EXPECT_EQ(error_of([&] { store.import(scratch_, "all", {}); }),
            "importing " + scratch_.native() + ": " + scratch_.native() +
                " contains the image store " + path("images").native());
}

TEST_F(Images, RemoveANameAndWithTheLastOneTheImage) {
  const Image made = store.import(path("tree"), "app:1", {});
  store.import(path("tree"), "app:2", {});
  ASSERT_EQ(store.list().size(), 2U);
  auto removed = store.remove("app:1", {}, false);
  EXPECT_EQ(removed.untagged, Strings{"docker.io/library/app:1"});
  EXPECT_EQ(removed.deleted, Strings{made.id}) << "its layer belongs to app:2 too";
  removed = store.remove("app:2", {}, false);
  EXPECT_EQ(removed.deleted.size(), 2U);
  EXPECT_EQ(layer_names(), Strings{});
  EXPECT_EQ(list_directory(path("images/blobs/sha256")), Strings{});
  EXPECT_EQ(error_of([&] { store.remove("app:2", {}, false); }), "no such image: app:2");
}

TEST_F(Images, RemoveOneOfSeveralNamesAndByIdAllOnlyWhenForced) {
  const Image made = store.import(path("tree"), "s", {});
  auto tags = nlohmann::json::parse(read("images/tags.json"));
  tags["images"][0]["names"] = {"docker.io/library/s:latest", "docker.io/library/sha:1"};
  tags.erase("check");
  write("images/tags.json", tags.dump());
  EXPECT_EQ(error_of([&] { store.remove(made.id, {}, false); }),
            "image " + made.id +
                " has several names: docker.io/library/s:latest, docker.io/library/sha:1");
  EXPECT_EQ(store.remove("s", {}, false).untagged, Strings{"docker.io/library/s:latest"});
  EXPECT_EQ(store.remove(made.id.substr(7, 12), {}, false).deleted.size(), 2U);
}

TEST_F(Images, AreNotTakenFromUnderAContainer) {
  const Image made = store.import(path("tree"), "app", {});
  EXPECT_EQ(error_of([&] { store.remove("app", {made.id}, false); }),
            "image app is used by a container");
  const auto removed = store.remove("app", {made.id}, true);
  EXPECT_EQ(removed.untagged, Strings{"docker.io/library/app:latest"});
  EXPECT_EQ(removed.deleted, Strings{});
  EXPECT_TRUE(stack::exists(made.layers.at(0) / "bin/app"));
  EXPECT_EQ(store.remove(made.id, {}, false).deleted.size(), 2U);
}

TEST_F(Images, AreSweptOfWhatAKilledWriterLeft) {
  store.import(path("tree"), "app", {});
  write("images/.tmp.dead/tree/half", "x");
  write("images/layers/" + std::string(64, 'e') + "/orphan", "x");
  const std::string before = test::tree_text(store.find("app")->layers.at(0));
  import_file("2", "other");
  EXPECT_EQ(test::leftovers(path("images")), 0);
  EXPECT_EQ(layer_names().size(), 5U) << "two layers with their documents, a frame of the archive";
  EXPECT_EQ(test::tree_text(store.find("app")->layers.at(0)), before);
}

TEST_F(Images, KeepWhatAnotherWriterIsStillMaking) {
  store.import(path("tree"), "app", {});
  const ScratchDirectory other = ScratchDirectory::create(path("images"));
  import_file("2", "other");
  EXPECT_TRUE(stack::exists(other.path()));
}

TEST_F(Images, AreCompleteOrAbsentWhenTheWriterIsKilledAnywhere) {
  // However far each got: the store must be as before or complete, and usable.
  write("app.tar", test::TarBuilder().file("f", std::string(3'000'000, 'x')).bytes());
  for (const useconds_t delay : {0U, 1'000U, 3'000U, 8'000U, 15'000U, 30'000U, 60'000U}) {
    const pid_t child = ::fork();
    if (child == 0) {
      store.import(path("app.tar"), "app", {});
      ::_exit(0);
    }
    ::usleep(delay);  // only spreads the kills: any moment must do
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto found = store.find("app");
    if (found) {
      EXPECT_EQ(read_file(found->layers.at(0) / "f").size(), 3'000'000U);
    }
    import_file("other", "other");
    EXPECT_EQ(test::leftovers(path("images")), 0);
  }
  store.import(path("app.tar"), "app", {});
  EXPECT_EQ(read_file(store.find("app")->layers.at(0) / "f").size(), 3'000'000U);
}

TEST_F(Images, CanBeImportedByManyAtOnce) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&, i] { store.import(path("tree"), "app" + std::to_string(i), {}); });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(store.list().size(), 4U);
  EXPECT_EQ(layer_names().size(), 2U) << "one layer and its document";
}

TEST(ImageDocument, ReadsDatesOfOtherTools) {
  const auto time = parse_rfc3339("2024-02-29T12:00:00.5+02:00");
  EXPECT_EQ(to_rfc3339(time), "2024-02-29T10:00:00.500000000Z");
  EXPECT_EQ(to_rfc3339(parse_rfc3339("2024-02-29T12:00:00Z")), "2024-02-29T12:00:00.000000000Z");
  EXPECT_EQ(to_rfc3339(parse_rfc3339("2250-01-01T00:00:00Z")), "2250-01-01T00:00:00.000000000Z");
  for (const char* text : {"4048-02-03T04:05:06Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"})
    EXPECT_EQ(parse_rfc3339(text), std::chrono::system_clock::time_point{}) << text;
}

TEST(ImageDocument, ReadsConfigsOfOtherTools) {
  const auto document = parse_config_document(
      R"({"created":"2024-02-29T12:00:00Z","config":{"Cmd":null,"Env":["A=1"],"Labels":null,
          "ExposedPorts":{"80/tcp":{}}},"rootfs":{"type":"layers","diff_ids":[]}})");
  EXPECT_EQ(document.config.environment, Strings{"A=1"});
  EXPECT_EQ(document.config.exposed_ports, Strings{"80/tcp"});
  EXPECT_THROW(parse_config_document("{}"), Error);
  EXPECT_THROW(parse_config_document(R"({"rootfs":{"diff_ids":["sha256:../../x"]}})"), Error);
  EXPECT_THROW(parse_config_document(R"({"rootfs":{"diff_ids":[7]}})"), Error);
}

TEST(ImageDigest, ChainsLayersAsOciDefinesIt) {
  const Strings layers = {"sha256:" + std::string(64, 'a'), "sha256:" + std::string(64, 'b')};
  EXPECT_EQ(chain_id(std::span(layers).first(1)), layers[0]);
  EXPECT_EQ(chain_id(layers), digest_of(layers[0] + " " + layers[1]));
  EXPECT_FALSE(is_digest("sha256:../../x"));
  EXPECT_FALSE(is_digest("sha512:" + std::string(64, 'a')));
  EXPECT_EQ(digest_of(""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace stack::image
