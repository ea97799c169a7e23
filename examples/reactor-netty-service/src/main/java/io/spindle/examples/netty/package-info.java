// SPDX-License-Identifier: Apache-2.0
/** The WebFlux service of the examples without Spring: a Reactor Netty server, plain or clustered, and nothing else. */
@NullMarked
package io.spindle.examples.netty;

import org.jspecify.annotations.NullMarked;
