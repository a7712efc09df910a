/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A certificate for 127.0.0.1 signed by itself, valid for a hundred years, and its key: for
 * tests alone. */
#pragma once

#define TEST_CERTIFICATE                                                                       \
  "-----BEGIN CERTIFICATE-----\n"                                                              \
  "MIIBljCCATygAwIBAgIUa0WegofTbbnGz/j7MO0xBP4BLOowCgYIKoZIzj0EAwIw\n"                         \
  "FzEVMBMGA1UEAwwMc3R1bmZ3ZCB0ZXN0MCAXDTI2MTEyNTE2MTkyNVoYDzIxMjYx\n"                         \
  "MTAxMTYxOTI1WjAXMRUwEwYDVQQDDAxzdHVuZndkIHRlc3QwWTATBgcqhkjOPQIB\n"                         \
  "BggqhkjOPQMBBwNCAARiEBjZEiyRD0syyOvsomV/9tW+8sF/aaQUH3TS3F4EKVD7\n"                         \
  "66ZuRqzxS8YrUhWFKWDver0WlzRDZnWhoIs3qV5mo2QwYjAdBgNVHQ4EFgQUYeU6\n"                         \
  "g3Engr6GyJX46RZzFd4cLVUwHwYDVR0jBBgwFoAUYeU6g3Engr6GyJX46RZzFd4c\n"                         \
  "LVUwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMC\n"                         \
  "A0gAMEUCIG8kjyW8vIOiWTdxjPqrgRWm92gnyXaQEUE7lUldcOsZAiEA0rrJ0ZK+\n"                         \
  "+Ytrm2u7P3/Bvbqb9MM/+x/E64jZMiXM6zo=\n"                                                     \
  "-----END CERTIFICATE-----\n"

#define TEST_KEY                                                                               \
  "-----BEGIN PRIVATE KEY-----\n"                                                              \
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRzNZJuRL7WiAABge\n"                         \
  "Qw2vCwFsSYSk2oNb9FYudhDaL+OhRANCAARiEBjZEiyRD0syyOvsomV/9tW+8sF/\n"                         \
  "aaQUH3TS3F4EKVD766ZuRqzxS8YrUhWFKWDver0WlzRDZnWhoIs3qV5m\n"                                 \
  "-----END PRIVATE KEY-----\n"
