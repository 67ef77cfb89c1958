// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "load_text.h"
#include "spec/check_ready.h"

namespace stack::spec {
namespace {

using namespace std::chrono_literals;
using Kind = Readiness::Kind;

Readiness ready(const std::string& value) {
  return service_of("    x-stack:\n      ready: " + value + "\n").ready.value_or(Readiness{});
}

std::string complaints(const std::string& value, const std::string& more = "") {
  return messages_of(load_text("services:\n  web:\n    image: x\n" + more +
                               "    x-stack:\n      ready: " + value + "\n"));
}

TEST(Ready, AutoIsListeningOnAnyOfItsPorts) {
  EXPECT_EQ(ready("auto"), Readiness{});
  EXPECT_EQ(ready("{timeout: 5s}").timeout, 5s);
  EXPECT_FALSE(service_of("").ready);
}

TEST(Ready, EachKindHasItsValue) {
  EXPECT_EQ(ready("{tcp: 5432}").port, 5432);
  EXPECT_EQ(ready("{tcp: \"5432\"}").port, 5432);
  EXPECT_EQ(ready("{unix: /run/x.sock}").kind, Kind::unix_socket);
  EXPECT_EQ(ready("{file: /run/ready}").path, "/run/ready");
  EXPECT_EQ(ready("{log: 'is up', count: 2}").pattern, "is up");
  EXPECT_EQ(ready("{log: 'is up', count: 2}").count, 2U);
  EXPECT_EQ(ready("{exec: [pg_isready, -q]}").command, (Strings{"pg_isready", "-q"}));
  EXPECT_EQ(ready("{exec: pg_isready -q}").command, (Strings{"pg_isready", "-q"}));
  EXPECT_EQ(ready("{notify: true}").kind, Kind::notify);
}

TEST(Ready, HttpIsAUrlOrAPort) {
  const Readiness url = ready("{http: 'http://localhost:8080/health?deep=1'}");
  EXPECT_EQ(url.kind, Kind::http);
  EXPECT_EQ(url.host, "localhost");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.path, "/health?deep=1");
  const Readiness port = ready("{http: {port: 80, path: /up, status: 204}}");
  EXPECT_EQ(port.host, "localhost");
  EXPECT_EQ(port.path, "/up");
  EXPECT_EQ(port.status, 204);
  EXPECT_EQ(ready("{http: {url: 'http://[::1]'}}").host, "::1");
  EXPECT_EQ(ready("{http: {url: 'http://[::1]'}}").port, 80);
}

TEST(Ready, OnlyUrlsThatCanBeAskedFromOutsideTheImage) {
  EXPECT_TRUE(parse_ready_url("http://127.0.0.1:1/"));
  EXPECT_TRUE(parse_ready_url("http://[fe80::1]:8080"));
  for (const char* text :
       {"https://localhost/", "localhost:80", "http://db/", "http://localhost:0/",
        "http://localhost:99999/", "http://localhost/a b", "http://"})
    EXPECT_FALSE(parse_ready_url(text)) << text;
}

TEST(Ready, WhatCannotComeTrueIsToldAtItsLine) {
  EXPECT_EQ(complaints("{tcp: 70000}"),
            "5: x-stack.ready of service \"web\": 70000 is not a port (1 to 65535)\n");
  EXPECT_EQ(complaints("{file: run/ready}"),
            "5: x-stack.ready of service \"web\": \"run/ready\" is not an absolute path (it is "
            "looked for in the container)\n");
  EXPECT_EQ(complaints("{log: 'a(b'}"),
            "5: x-stack.ready of service \"web\": \"a(b\" is no regular expression: unmatched ( or "
            "\\(\n");
  EXPECT_EQ(complaints("{tcp: 1, log: a}"),
            "5: x-stack.ready of service \"web\": \"tcp\" and \"log\" exclude each other (what is "
            "to be waited for is one of tcp, unix, http, log, file, exec, notify)\n");
  EXPECT_EQ(complaints("{count: 2}"),
            "5: x-stack.ready of service \"web\": \"count\" goes with \"log\"\n");
  EXPECT_EQ(complaints("{http: {status: 99, port: 1}}"),
            "5: x-stack.ready of service \"web\": 99 is not a status of HTTP (100 to 599)\n");
  EXPECT_EQ(complaints("{http: 'https://localhost'}"),
            "5: x-stack.ready of service \"web\": \"https://localhost\" cannot be asked (https is "
            "not spoken here: ask a port without, or use exec)\n");
  EXPECT_EQ(complaints("{notify: false}"),
            "5: x-stack.ready of service \"web\": notify: false says nothing (leave it out)\n");
  EXPECT_EQ(complaints("{log: up}", "    logging: {driver: none}\n"),
            "6: x-stack.ready of service \"web\": logging driver none keeps no line to look at "
            "(another driver, or another kind of readiness)\n");
}

TEST(Ready, OtherWordsAndTypesAreRefused) {
  EXPECT_NE(complaints("automatic").find("is not a value of \"ready\""), std::string::npos);
  EXPECT_NE(complaints("{tcp: web}").find("is not a whole number"), std::string::npos);
  EXPECT_NE(complaints("{timeout: 5}").find("a unit is missing"), std::string::npos);
}

}  // namespace
}  // namespace stack::spec
