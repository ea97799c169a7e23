// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.netty;

/**
 * What is known of a file.
 *
 * @param id its key
 * @param name what the client called it
 * @param sha256 of its content
 * @param bytes its size
 * @param gzipBytes its size as it is stored
 */
record StoredFile(String id, String name, String sha256, long bytes, long gzipBytes) {}
