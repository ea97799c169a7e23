// SPDX-License-Identifier: Apache-2.0
/**
 * The tour: the five programs with which Node is usually introduced, on Spindle, behind one command line, with two that
 * show child processes as streams. Start from {@link io.spindle.examples.Main}; each program is a class of its own,
 * short enough to copy from.
 */
@NullMarked
package io.spindle.examples;

import org.jspecify.annotations.NullMarked;
