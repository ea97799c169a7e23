// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The client's address beside its connection: the kernel no longer knows it if the client has gone meanwhile. */
final class HandedAddress {

    private HandedAddress() {}

    static byte[] write(InetSocketAddress client) {
        byte[] address = client.getAddress().getAddress();
        return ByteBuffer.allocate(address.length + Short.BYTES)
                .put(address)
                .putShort((short) client.getPort())
                .array();
    }

    static InetSocketAddress read(byte[] bytes) {
        int length = bytes.length - Short.BYTES;
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(Arrays.copyOf(bytes, length)),
                    Short.toUnsignedInt(ByteBuffer.wrap(bytes).getShort(length)));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address has 4 or 16 bytes, had " + length, e);
        }
    }
}
