// SPDX-License-Identifier: Apache-2.0
/**
 * Benchmarks. {@link io.spindle.benchmarks.SideBySide} runs ours and the peers' programs in turn and prints ratios;
 * the classes named {@code …Benchmark} are for JMH.
 */
package io.spindle.benchmarks;
