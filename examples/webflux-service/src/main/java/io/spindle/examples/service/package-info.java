// SPDX-License-Identifier: Apache-2.0
/**
 * A small WebFlux service that uses everything at once: files come in as streams, are hashed by a program and compressed on
 * the offload pool, their list is in a database behind the {@code BlockingPool}, primes are counted on the {@code
 * WorkerPool}, and a program's output goes out as server-sent events. It knows of clusters nowhere.
 */
@NullMarked
package io.spindle.examples.service;

import org.jspecify.annotations.NullMarked;
