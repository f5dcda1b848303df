import Settings
import Testing

struct SourcePathTests {
    @Test(arguments: [
        ("a.tif", "/runs/a.tif"),
        ("./a.tif", "/runs/a.tif"),
        ("../data/a b.tif", "/runs/../data/a b.tif"),
        ("/data/a.tif", "/data/a.tif"),
        ("/vsizip/a.zip/a.tif", "/vsizip/a.zip/a.tif"),
        ("/vsicurl/https://host/a.tif", "/vsicurl/https://host/a.tif"),
        ("https://host/a.tif", "https://host/a.tif"),
        ("NETCDF:\"a.nc\":npp", "NETCDF:\"/runs/a.nc\":npp"),
        ("NETCDF:\"/d/a.nc\":npp", "NETCDF:\"/d/a.nc\":npp"),
        ("NETCDF:a.nc:npp", "NETCDF:/runs/a.nc:npp"),
        (
            "HDF4_EOS:EOS_GRID:\"d/a.hdf\":MOD_Grid:Npp_500m",
            "HDF4_EOS:EOS_GRID:\"/runs/d/a.hdf\":MOD_Grid:Npp_500m"
        ),
        ("HDF5:\"a.h5\"://group/npp", "HDF5:\"/runs/a.h5\"://group/npp"),
        ("GTIFF_DIR:2:a.tif", "GTIFF_DIR:2:/runs/a.tif"),
        ("dir:1/a.tif", "/runs/dir:1/a.tif"),
        ("WMS:whatever", "WMS:whatever"),
    ])
    func `paths stand for what GDAL opens`(text: String, resolved: String) throws {
        // Single quotes keep the double ones; none of the paths has a single quote.
        let settings = try parse(
            ConfigurationText.minimal(replacing: "path: sink.tif", with: "path: '\(text)'")
        )
        #expect(settings.layers[1].paths.map(\.resolved) == [resolved])
        #expect(settings.layers[1].paths.map(\.text) == [text])
    }
}
